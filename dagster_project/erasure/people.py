"""Whom the requests in raw name: resolved by the warehouse's own rules of identity, before anything is removed.

Builds what those rules need on top of the contract, and says what the people are known by. Removes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date

from dagster_project.home import Home
from dagster_project.sources.config import Source
from dagster_project.transform.identity import write_components
from dagster_project.transform.phone import write_phones
from dagster_project.transform.project import DbtProject
from dagster_project.warehouse import open_warehouse


@dataclass(frozen=True)
class Requests:
    """The requests that raw holds.

    tables  the raw tables they came from, <system>/<table>
    as_of   the as-of date of the run that landed the newest; None where there is none
    """

    count: int
    tables: Collection[str]
    as_of: date | None


@dataclass(frozen=True)
class People:
    """Whom they name; never shown.

    count          of those whom the warehouse knows
    identifiers    what rows name them by: kind, system ('' where it is the same everywhere) and value
    customer_keys  every key that one of them may ever have had
    """

    count: int
    identifiers: Sequence[tuple[str, str, str]] = field(repr=False)
    customer_keys: Sequence[str] = field(repr=False)


NOBODY = People(0, (), ())


def pending(home: Home) -> Requests:
    """The requests of the contract; one that was carried out is no longer in raw."""
    with open_warehouse(home.warehouse) as warehouse:
        count, tables, as_of = warehouse.execute("""
            select count(*), coalesce(list(distinct raw_table), []), max(landed_as_of)
            from contract.erasure_requests
            where not is_deleted
        """).fetchone()
    return Requests(count, frozenset(tables), as_of)


def resolve(project: DbtProject, source: Source, home: Home) -> People:
    """Whom the requests name, by the contract as it stands."""
    with open_warehouse(home.warehouse) as warehouse:
        write_phones(warehouse, home.exchange / "phone.parquet", source.country)
    project.refresh_stage("identity_stage")
    with open_warehouse(home.warehouse) as warehouse:
        write_components(warehouse, home.exchange / "identity_component.parquet")
    project.refresh_stage("erasure_stage")
    with open_warehouse(home.warehouse) as warehouse:
        (count,) = warehouse.execute("select count(distinct person_key) from core.int_erased_record").fetchone()
        identifiers = warehouse.execute(
            "select kind, coalesce(source_system, ''), value from core.int_erased_identifier order by all"
        ).fetchall()
        keys = warehouse.execute("""
            select distinct origin_key
            from core.int_identity_origin join core.int_erased_record using (record_key)
            order by origin_key
        """).fetchall()
    return People(count, identifiers, [key for (key,) in keys])
