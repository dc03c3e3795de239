"""Phone numbers: which ones are numbers at all, whose country counts, and that none is parsed twice.

Numbers are of ranges that are set aside for examples and of public authorities. Does not belong here: whom a number
links (the dbt unit tests of int_identity_link, tests/integration/test_identity.py).
"""

from collections.abc import Iterator
from pathlib import Path

import duckdb
import phonenumbers
import pytest

from dagster_project.transform.phone import PhoneCounts, e164, write_phones

BERLIN = "+4930901820"
LONDON = "+442079460018"


@pytest.mark.parametrize(
    "spelling", ["+49 30 901820", "0049 30/901820", "(030) 901820", "030-901-820 ", "+49 (0)30 901820"]
)
def test_spellings_of_a_number_are_one_number(spelling: str):
    assert e164(spelling, "DE", None) == BERLIN


@pytest.mark.parametrize(
    "text", ["030", "0", "", "none", "ann@example.org", "+49 30 901820 / +49 30 901821", "0" * 300]
)
def test_what_is_no_valid_number_is_none(text: str):
    assert e164(text, "DE", "DE") is None


def test_a_number_with_an_extension_is_nobodys_own():
    assert e164("+44 20 7946 0018 ext. 12", "GB", "GB") is None


@pytest.mark.parametrize(
    ("country", "shop_country", "number"),
    [
        ("GB", "DE", LONDON),
        (" gb ", "DE", LONDON),
        ("DE", "GB", None),
        (None, "GB", LONDON),
        ("United Kingdom", "GB", LONDON),
        ("UK", "GB", LONDON),  # no code of ISO 3166
        ("United Kingdom", None, None),
        (None, None, None),
    ],
)
def test_a_national_number_is_one_of_the_rows_country_else_of_the_shops(country, shop_country, number):
    assert e164("020 7946 0018", country, shop_country) == number


@pytest.mark.parametrize("country", [None, "GB", "Germany"])
def test_an_international_number_needs_no_country(country: str | None):
    assert e164("+49 30 901820", country, None) == BERLIN


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse whose rows write no phone."""
    with duckdb.connect() as connection:
        connection.execute("create schema contract")
        connection.execute("create table contract.int_phone_spelling (phone_key text, phone text, country text)")
        yield connection


def _write(connection: duckdb.DuckDBPyConnection, *spellings: tuple[str, str, str | None]) -> None:
    connection.execute("truncate contract.int_phone_spelling")
    connection.executemany("insert into contract.int_phone_spelling values (?, ?, ?)", spellings)


def _file(path: Path) -> dict[str, str | None]:
    return dict(duckdb.sql(f"select phone_key, e164 from '{path}'").fetchall())


FIRST, SECOND, INVALID = ("a", "030 901820", "DE"), ("b", "020 7946 0018", "GB"), ("c", "030", None)


def test_every_spelling_has_its_number(connection, tmp_path):
    _write(connection, FIRST, SECOND, INVALID)
    assert write_phones(connection, tmp_path / "phone.parquet", "DE") == PhoneCounts(numbers=3, valid=2, parsed=3)
    assert _file(tmp_path / "phone.parquet") == {"a": BERLIN, "b": LONDON, "c": None}


def test_only_new_spellings_are_parsed_and_old_ones_leave(connection, tmp_path):
    path = tmp_path / "phone.parquet"
    _write(connection, FIRST, INVALID)
    write_phones(connection, path, "DE")
    _write(connection, INVALID, SECOND)
    assert write_phones(connection, path, "DE") == PhoneCounts(numbers=2, valid=1, parsed=1)
    assert _file(path) == {"b": LONDON, "c": None}
    before = path.read_bytes()
    assert write_phones(connection, path, "DE") == PhoneCounts(numbers=2, valid=1, parsed=0)
    assert path.read_bytes() == before


def test_another_library_or_country_of_the_shop_parses_everything_again(connection, tmp_path, monkeypatch):
    path = tmp_path / "phone.parquet"
    _write(connection, ("a", "020 7946 0018", None), INVALID)
    assert write_phones(connection, path, "DE").valid == 0
    assert write_phones(connection, path, "GB") == PhoneCounts(numbers=2, valid=1, parsed=2)
    monkeypatch.setattr(phonenumbers, "__version__", "0")
    assert write_phones(connection, path, "GB").parsed == 2


def test_a_lost_file_is_written_anew(connection, tmp_path):
    path = tmp_path / "phone.parquet"
    _write(connection, FIRST, SECOND, INVALID)
    write_phones(connection, path, "DE")
    before = path.read_bytes()
    path.unlink()
    write_phones(connection, path, "DE")
    assert path.read_bytes() == before


def test_no_phone_at_all_gives_an_empty_file(connection, tmp_path):
    path = tmp_path / "phone.parquet"
    assert write_phones(connection, path, None) == PhoneCounts(numbers=0, valid=0, parsed=0)
    assert _file(path) == {}
