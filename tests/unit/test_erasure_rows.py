"""The list of erased people, and what it does to rows that raw holds and to rows that land.

Whom a request names does not belong here (test_erasure_people.py), a whole run neither (integration/test_erasure.py).
"""

import hashlib
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import duckdb
import pytest
from erasure_source import DAY, extract, raw_rows, write_rows, write_source

from dagster_project.erasure.erased import Erased, ErasureError
from dagster_project.erasure.raw import check_nothing_is_left, learn_rows, remove_rows, table_erasures
from dagster_project.home import Home
from dagster_project.sources.config import Source
from dagster_project.sources.readers.connection import open_connection

ANN = [("customer_id", "shop", "7"), ("email", "", "ann@example.org"), ("phone", "", "+49 30 901820")]
TABLES = {
    "customers": {"key": ["id"], "person": {"customer_id": "id", "email": "about.email"}},
    "orders": {
        "key": ["id"],
        "cursor": "updated_at",
        "person": {"customer_id": "customer_id", "email": "email", "keep": ["id", "total", "updated_at"]},
    },
    "reviews": {"key": ["id"], "person": {"via": {"orders": "order_id"}, "spare": {"kind": "stars"}}},
    "products": {"person": "nobody"},
}
ROWS = {
    "customers": """(values (7, '{"email": "old@example.org"}'), (8, '{"email": " Ann@Example.org"}'),
        (9, '{"email": "bob@example.org"}'), (10, null)) as given (id, about)""",
    "orders": """(values (1, 7.0, null, 10.5, 'a', timestamp '2026-06-01'),
        (2, null, 'ANN@example.org', 20.5, 'b', timestamp '2026-06-02'),
        (3, 9.0, 'bob@example.org', 30.5, 'c', timestamp '2026-06-03'))
        as given (id, customer_id, email, total, street, updated_at)""",
    "reviews": """(values (1, 1, 'text', 'x'), (2, 2, 'stars', '5'), (3, 3, 'text', 'y'), (4, 3, 'stars', '4'))
        as given (id, order_id, kind, said)""",
    "products": "(values (7, 'mug')) as given (id, title)",
}
LEFT = {
    "customers": [(9, '{"email": "bob@example.org"}'), (10, None)],
    "orders": [
        (1, None, None, 10.5, None, datetime(2026, 6, 1)),
        (2, None, None, 20.5, None, datetime(2026, 6, 2)),
        (3, 9.0, "bob@example.org", 30.5, "c", datetime(2026, 6, 3)),
    ],
    "reviews": [(2, 2, "stars", "5"), (3, 3, "text", "y"), (4, 3, "stars", "4")],
    "products": [(7, "mug")],
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "o'brien")


@pytest.fixture
def source(tmp_path: Path) -> Source:
    return write_source(tmp_path / "shop", TABLES, ROWS)


@pytest.fixture
def erased(home: Home) -> Iterator[Erased]:
    with open_connection(home) as (connection, _):
        yield Erased.on(connection, home)


def _erase(erased: Erased, source: Source, home: Home) -> dict[str, int]:
    """How many files of each table were written anew."""
    erased.put(ANN, DAY)
    erasures = table_erasures(erased, source)
    learn_rows(erasures, home)
    return {one.table: remove_rows(one, home.raw("shop", one.table)).files for one in erasures}


def test_the_list_holds_keyed_hashes_and_nothing_to_read(erased: Erased, home: Home):
    assert erased.put([*ANN, ("email", "", " Ann@Example.ORG\t")], DAY) == 3
    assert erased.put(ANN, DAY) == 0
    assert home.erasure_key.stat().st_mode & 0o777 == 0o600
    key = home.erasure_key.read_text()
    values = ["|customer_id|shop|7", "|email||ann@example.org", "|phone||+4930901820"]
    expected = {hashlib.sha256((key + value).encode()).hexdigest() for value in values}
    rows = duckdb.read_parquet(str(home.erased)).fetchall()
    assert {identifier for identifier, _, _ in rows} == expected
    assert {(erasure, day) for _, erasure, day in rows} == {(1, DAY)}


def test_a_list_without_its_key_is_refused(erased: Erased, home: Home):
    erased.put(ANN, DAY)
    home.erasure_key.unlink()
    with (
        open_connection(home) as (connection, _),
        pytest.raises(ErasureError, match=r"state/erasure\.key is missing"),
    ):
        Erased.on(connection, home)


def test_rows_go_or_stay_as_nobodys(erased: Erased, source: Source, home: Home):
    extract(source, home, run=1)
    assert _erase(erased, source, home) == {"customers": 1, "orders": 1, "reviews": 1}
    assert {table: raw_rows(home, table) for table in TABLES} == LEFT


def test_text_that_is_no_json_is_searched_and_never_quoted(erased: Erased, source: Source, home: Home):
    """A person's text in an error would be in the log."""
    broken = """(values (7, '{"email": "old@example.org"}'), (8, '{"email": "ann@example.org", oops'),
        (9, '{"email": "bob@example.org", oops')) as given (id, about)"""
    write_rows(Path(source.systems[0].path), {"customers": broken})
    extract(source, home, run=1)
    assert _erase(erased, source, home)["customers"] == 1
    assert [number for number, _ in raw_rows(home, "customers")] == [8, 9]
    with pytest.raises(ErasureError, match="The column about of the table shop/customers still holds an e-mail"):
        check_nothing_is_left(erased, source, home)


def test_only_files_that_hold_the_person_are_written_anew(erased: Erased, source: Source, home: Home):
    extract(source, home, run=1)
    (file,) = home.raw("shop", "orders").glob("*.parquet")
    other = file.with_name("other.parquet")
    landed = duckdb.read_parquet(str(file))
    landed.filter("id = 3").write_parquet(str(other))
    before, columns = (other.read_bytes(), other.stat().st_mtime_ns), (landed.columns, landed.types)
    assert _erase(erased, source, home)["orders"] == 1
    assert (other.read_bytes(), other.stat().st_mtime_ns) == before
    written = duckdb.read_parquet(str(file))
    assert (written.columns, written.types) == columns
    assert [number for (number,) in written.project("id").fetchall()] == [1, 2, 3]
    again = [remove_rows(one, home.raw("shop", one.table)).files for one in table_erasures(erased, source)]
    assert again == [0, 0, 0]


def test_what_the_source_serves_again_does_not_land(erased: Erased, source: Source, home: Home):
    extract(source, home, run=1)
    _erase(erased, source, home)
    for file in (Path(source.systems[0].path)).iterdir():
        os.utime(file, ns=(1, 1))  # so that it counts as another file
    assert extract(source, home, run=2) == dict.fromkeys(TABLES, 0)
    assert {table: raw_rows(home, table) for table in TABLES} == LEFT


def test_news_of_the_person_land_as_nobodys_or_not_at_all(erased: Erased, source: Source, home: Home):
    extract(source, home, run=1)
    _erase(erased, source, home)
    folder = Path(source.systems[0].path)
    news = {
        "customers": "(values (7, '{}'), (11, '{\"email\": \"ann@example.org\"}')) as given (id, about)",
        "orders": """(values (1, null, 'other@example.org', 11.5, 'a', timestamp '2026-06-04'),
            (4, 7.0, null, 40.5, 'd', timestamp '2026-06-05'))
            as given (id, customer_id, email, total, street, updated_at)""",
        "reviews": "(values (5, 4, 'text', 'z')) as given (id, order_id, kind, said)",
    }
    write_rows(folder, news)
    assert extract(source, home, run=2) == {"customers": 0, "orders": 2, "reviews": 0, "products": 0}
    # An order that was theirs stays known as such, whatever it says now.
    assert {row for row in raw_rows(home, "orders") if row not in LEFT["orders"]} == {
        (1, None, None, 11.5, None, datetime(2026, 6, 4)),
        (4, None, None, 40.5, None, datetime(2026, 6, 5)),
    }


@pytest.fixture
def asked(tmp_path: Path) -> Source:
    """A shop that keeps requests."""
    columns = {"customer_id": "customer_id", "email": "email", "phone": "phone"}
    tables = {
        "customers": {"key": ["id"], "person": {"customer_id": "id"}},
        "requests": {"key": ["id"], "person": {**columns, "requests": True}},
    }
    rows = {
        "customers": "(values (7), (8)) as given (id)",
        "requests": _requests("(1, '7', 'ann@example.org', null::varchar)"),
    }
    return write_source(tmp_path / "asked", tables, rows)


def _requests(*rows: str) -> str:
    return f"(values {', '.join(rows)}) as given (id, customer_id, email, phone)"


def test_a_later_request_lands_unless_all_that_it_names_is_listed(erased: Erased, asked: Source, home: Home):
    extract(asked, home, run=1)
    of_too_many = [("guest_email", "", "crowd@example.org"), ("request_phone", "", "030 111")]
    erased.put([*ANN, *of_too_many], DAY)
    erasures = table_erasures(erased, asked)
    learn_rows(erasures, home)
    for erasure in erasures:
        remove_rows(erasure, home.raw("shop", erasure.table))
    assert raw_rows(home, "requests") == []
    done = [
        "(1, '7', 'ann@example.org', null)",
        "(2, '7', null, '+49 30 901820')",
        "(3, '0', 'ANN@example.org', null)",
        "(4, '7', 'crowd@example.org', '030/111')",
    ]
    new = [
        "(5, '7', 'new@example.org', null)",
        "(6, '9', 'ann@example.org', null)",
        "(7, '7', null, '030 222')",
        "(8, null, 'crowd@example.org', '030 222')",
    ]
    write_rows(Path(asked.systems[0].path), {"requests": _requests(*done, *new)})
    assert extract(asked, home, run=2) == {"customers": 0, "requests": 4}
    assert [number for number, *_ in raw_rows(home, "requests")] == [5, 6, 7, 8]
    # One that was carried out and says something else now is another request.
    write_rows(
        Path(asked.systems[0].path), {"requests": _requests("(1, '7', 'third@example.org', null::varchar)", *new)}
    )
    assert extract(asked, home, run=3) == {"customers": 0, "requests": 1}


def test_an_address_that_is_left_is_told_by_its_place_and_not_by_itself(erased: Erased, source: Source, home: Home):
    extract(source, home, run=1)
    _erase(erased, source, home)
    check_nothing_is_left(erased, source, home)
    news = {"products": "(values (8, 'Write to <Ann@example.org>.')) as given (id, title)"}
    write_rows(Path(source.systems[0].path), news)
    extract(source, home, run=2)
    with pytest.raises(ErasureError) as raised:
        check_nothing_is_left(erased, source, home)
    assert "The column title of the table shop/products still holds an e-mail" in str(raised.value)
    assert "ann" not in str(raised.value).lower()


@pytest.mark.parametrize("text", ["o'brien@example.org", "{'by':'O'Brien@example.org'}", "'o'brien@example.org'."])
def test_an_address_with_an_apostrophe_is_found(erased: Erased, source: Source, home: Home, text: str):
    erased.put([("email", "", "o'brien@example.org")], DAY)
    write_rows(Path(source.systems[0].path), {"products": f"(values (8, $${text}$$)) as given (id, title)"})
    extract(source, home, run=1)
    with pytest.raises(ErasureError, match="The column title of the table shop/products"):
        check_nothing_is_left(erased, source, home)


def test_a_table_that_does_not_say_whose_its_rows_are_stops_an_erasure(erased: Erased, source: Source):
    (system,) = source.systems
    silent = system.tables["products"].model_copy(update={"person": None})
    system = system.model_copy(update={"tables": {**system.tables, "products": silent}})
    with pytest.raises(ErasureError, match=r"it is not said whose rows shop/products holds: give the table a person"):
        table_erasures(erased, source.model_copy(update={"systems": (system,)}))


def test_a_table_that_is_no_longer_described_stops_an_erasure(erased: Erased, source: Source, home: Home):
    """Nothing reads it any more, but it may hold the person."""
    extract(source, home, run=1)
    (system,) = source.systems
    tables = {name: table for name, table in system.tables.items() if name != "reviews"}
    source = source.model_copy(update={"systems": (system.model_copy(update={"tables": tables}),)})
    with pytest.raises(ErasureError, match="the source does not describe raw/shop/reviews"):
        table_erasures(erased, source)
