"""Phone numbers in E.164 form, by the phonenumbers library, for dbt to link records by.

Reads contract.int_phone_spelling, writes exchange/phone.parquet. Which rows a number links, and when it links nobody,
stands in dbt/models/core/identity/.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import AssetKey, AssetsDefinition, MaterializeResult, asset

from dagster_project import sql
from dagster_project.erasure.assets import ERASED
from dagster_project.home import Home
from dagster_project.owners import DATA_ENGINEERING
from dagster_project.parquet import read_metadata, standing_file, write_parquet
from dagster_project.sources.config import Source
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import exchange_key
from dagster_project.warehouse import open_warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class PhoneCounts:
    """How many numbers were written, how many of them are valid, and how many had to be parsed now."""

    numbers: int
    valid: int
    parsed: int


def e164(phone: str, country: str | None, shop_country: str | None) -> str | None:
    """A phone number in E.164 form; None where it is no valid number, or has an extension, which E.164 cannot say.

    A number in national form is one of the row's country where that is an ISO 3166 alpha-2 code that has numbers,
    else of the shop's; where neither is known, only a number in international form is one.
    """
    import phonenumbers

    row_country = (country or "").strip().upper()
    region = row_country if row_country in phonenumbers.SUPPORTED_REGIONS else shop_country
    try:
        number = phonenumbers.parse(phone, region)
    except phonenumbers.NumberParseException:
        return None
    if number.extension or not phonenumbers.is_valid_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def write_phones(connection: "DuckDBPyConnection", path: Path, shop_country: str | None) -> PhoneCounts:
    """Write one row per row of contract.int_phone_spelling: its phone_key and the number's E.164 form or NULL.

    A number that the file has already, by the same library and for the same shop's country, is not parsed again;
    one that no row writes any more leaves the file.
    """
    import phonenumbers

    parser = {"phonenumbers": phonenumbers.__version__, "shop_country": shop_country or ""}
    is_current = path.exists() and read_metadata(connection, path) == parser
    known = f"read_parquet({sql.text(path)})" if is_current else "(select '' as phone_key, '' as e164 where false)"

    def number(phone: str, country: str | None) -> str | None:
        return e164(phone, country, shop_country)

    connection.create_function("e164", number, ["varchar", "varchar"], "varchar", null_handling="special")
    parsed = connection.execute(f"""
        create or replace temp table parsed_phone as
        select phone_key, e164(phone, country) as e164
        from contract.int_phone_spelling anti join {known} using (phone_key)
    """).fetchone()[0]
    connection.remove_function("e164")
    numbers = write_parquet(
        connection,
        f"""
        select phone_key, e164 from {known} semi join contract.int_phone_spelling using (phone_key)
        union all
        from parsed_phone
        order by phone_key
        """,
        path,
        parser,
    )
    valid = connection.execute("select count(e164) from read_parquet(?)", [str(path)]).fetchone()[0]
    return PhoneCounts(numbers, valid, parsed)


def build_phone_asset(project: DbtProject, source: Source, home: Home) -> AssetsDefinition:
    """The asset that writes what number each phone is."""

    @asset(
        key=exchange_key("phone"),
        group_name="core",
        kinds={"python", "parquet"},
        owners=DATA_ENGINEERING,
        deps=[AssetKey(["contract", "int_phone_spelling"]), ERASED],
        pool=WRITER_POOL,
    )
    def phone() -> MaterializeResult:
        """Phone numbers in E.164 form. A number is parsed once, and again only with another phonenumbers library."""
        path = home.exchange / "phone.parquet"
        made = project.made("exchange.phone", path, ["contract.int_phone_spelling"], source.country)
        if made.stands():
            return MaterializeResult(metadata=standing_file(path))
        with open_warehouse(home.warehouse) as warehouse:
            counts = write_phones(warehouse, path, source.country)
        made.note()
        return MaterializeResult(
            metadata={
                "dagster/row_count": counts.numbers,
                "valid": counts.valid,
                "parsed_now": counts.parsed,
            }
        )

    return phone
