"""Readers of databases: exact values, one snapshot, and only the rows asked for, from real servers.

What lands does not belong here.
"""

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from integration.databases import SERVERS, new_database, shown
from sqlalchemy import Engine, text

from dagster_project.home import Home
from dagster_project.sources.config import SourceError, SqlSystem, Table
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system
from dagster_project.sources.readers.batches import AnyDatabase
from dagster_project.sources.readers.database import read_as
from dagster_project.sources.readers.reader import Reader, Since

TEXT = 'Zoë 😀 said:\n"50 % off"; C:\\temp, it\'s\t1'
AWARE = datetime(2026, 3, 29, 1, 30, 0, 123456, tzinfo=UTC)
NAIVE = datetime(2026, 3, 29, 2, 30, 0, 123456)  # does not exist in Berlin
DDL = {
    "postgresql": """
        create type mood as enum ('glad', 'sad');
        create table things (
            id bigint primary key, price numeric(12, 2), rate numeric, huge numeric(38, 0), word text, at timestamptz,
            local_at timestamp, on_day date, is_new boolean, facts json, more jsonb, tags text[], code uuid, mood mood,
            never numeric(10, 4), nobody text
        );
    """,
    "mariadb": """
        create table things (
            id bigint primary key, price numeric(12, 2), huge numeric(38, 0), word text character set utf8mb4,
            at timestamp(6) null, local_at datetime(6), on_day date, facts json, mood enum('glad', 'sad'),
            never numeric(10, 4), nobody varchar(20), big bigint unsigned, is_new tinyint(1)
        );
    """,
}
ROW = {
    "id": 1,
    "price": Decimal("1234567890.10"),
    "huge": Decimal("9" * 38),
    "word": TEXT,
    "at": AWARE,
    "local_at": NAIVE,
    "on_day": date(2024, 2, 29),
    "facts": '{"a": 1.10, "ü": "😀"}',
    "mood": "sad",
}
OWN = {
    "postgresql": {
        "rate": Decimal("123456789012345678901234567890.123456789012"),
        "more": '{"a": 1}',
        "tags": ["a,b", "c"],
        "code": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        "is_new": True,
    },
    "mariadb": {"big": 2**64 - 1, "is_new": 1},
}
TYPES = {
    "id": "BIGINT",
    "price": "DECIMAL(12,2)",
    "huge": "DECIMAL(38,0)",
    "word": "VARCHAR",
    "at": "TIMESTAMP WITH TIME ZONE",
    "local_at": "TIMESTAMP",
    "on_day": "DATE",
    "facts": "VARCHAR",
    "mood": "VARCHAR",
    "never": "DECIMAL(10,4)",
    "nobody": "VARCHAR",
}


@pytest.fixture(scope="module", params=SERVERS)
def server(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """A database with the table `things` of one full and one empty row."""
    with new_database(request.param) as engine:
        values = {**ROW, **OWN[request.param]}
        if request.param == "mariadb":
            values["at"] = AWARE.replace(tzinfo=None)
        with engine.begin() as connection:
            if request.param == "mariadb":
                connection.execute(text("set time_zone = '+00:00'"))
            for statement in filter(str.strip, DDL[request.param].split(";")):
                connection.execute(text(statement))
            names = ", ".join(values)
            marks = ", ".join(f"cast(:{name} as jsonb)" if name == "more" else f":{name}" for name in values)
            marks = marks.replace(":mood", "cast(:mood as mood)" if request.param == "postgresql" else ":mood")
            marks = marks.replace(":facts", "cast(:facts as json)" if request.param == "postgresql" else ":facts")
            marks = marks.replace(":code", "cast(:code as uuid)")
            connection.execute(text(f"insert into things ({names}) values ({marks})"), values)
            connection.execute(text("insert into things (id) values (2)"))
        yield engine


def _system(engine: Engine, **table: object) -> SqlSystem:
    return SqlSystem(name="shop", platform="shop", kind="sql", url=shown(engine.url), tables={"things": table})


@contextmanager
def _scanned(engine: Engine, **table: object) -> Iterator[Reader]:
    with TemporaryDirectory() as home, open_system(_system(engine, **table), Home(Path(home))) as reader:
        yield reader


@contextmanager
def _batched(engine: Engine, **table: object) -> Iterator[Reader]:
    with (
        TemporaryDirectory() as home,
        read_as(AnyDatabase, _system(engine, **table), engine.url, Home(Path(home))) as reader,
    ):
        yield reader


WAYS = pytest.mark.parametrize("opened", [_scanned, _batched], ids=["scanner", "batches"])
Opened = Callable[..., Iterator[Reader]]


def _rows(reader: Reader, path: Path, selected: str = "*", **options: object) -> list[dict]:
    """Rows as landing reads them: copied to a Parquet file on the reader's own connection."""
    rows = reader.rows("things", **options)
    reader.connection.execute(f"copy (select {selected} from {rows} order by id) to '{path / 'rows.parquet'}'")
    with duckdb.connect() as connection:
        connection.execute("set TimeZone = 'UTC'")
        result = connection.execute(f"select * from '{path / 'rows.parquet'}'")
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@WAYS
def test_values_arrive_exactly_and_types_stay_where_all_is_null(server: Engine, opened: Opened, tmp_path: Path):
    with opened(server) as reader:
        types = reader.columns("things")
        full, empty = _rows(reader, tmp_path)
    assert {name: types[name] for name in TYPES if name not in ("at", "local_at")} == {
        name: TYPES[name] for name in TYPES if name not in ("at", "local_at")
    }
    instant = full["at"] if full["at"].tzinfo else full["at"].replace(tzinfo=UTC)
    assert instant == AWARE
    assert {name: full[name] for name in ROW if name != "at"} == {name: ROW[name] for name in ROW if name != "at"}
    assert {value for name, value in empty.items() if name != "id"} == {None}


def test_times_with_a_zone_are_instants_and_others_stay_as_they_are(server: Engine):
    with _scanned(server) as reader:
        types = reader.columns("things")
    assert (types["at"], types["local_at"]) == ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP")


@WAYS
def test_what_has_no_exact_type_is_text(server: Engine, opened: Opened, tmp_path: Path):
    if server.dialect.name != "postgresql":
        with opened(server) as reader:
            assert _rows(reader, tmp_path, "id, cast(big as varchar) as big")[0]["big"] == str(2**64 - 1)
        return
    with opened(server) as reader:
        full, _ = _rows(reader, tmp_path)
    assert full["rate"] == "123456789012345678901234567890.123456789012"
    assert (full["more"], full["tags"], full["code"]) == ('{"a": 1}', '{"a,b",c}', OWN["postgresql"]["code"])


@WAYS
def test_all_tables_are_read_as_of_one_moment(server: Engine, opened: Opened, tmp_path: Path):
    with opened(server) as reader:
        before = len(_rows(reader, tmp_path))
        with server.begin() as connection:
            connection.execute(text("insert into things (id) values (3)"))
        assert len(_rows(reader, tmp_path)) == before
    with opened(server) as reader:
        assert len(_rows(reader, tmp_path)) == before + 1
    with server.begin() as connection:
        connection.execute(text("delete from things where id = 3"))


def test_the_session_can_write_nothing(server: Engine):
    call = "postgres_execute" if server.dialect.name == "postgresql" else "mysql_execute"
    with _scanned(server) as reader, pytest.raises(duckdb.Error):
        reader.connection.execute(f"from {call}('source', 'delete from things')").fetchall()


@WAYS
@pytest.mark.parametrize(
    ("column", "value", "data_type", "ids"),
    [
        ("id", "2", "BIGINT", [2]),
        ("at", "2026-03-29 01:30:00.123456+00", "TIMESTAMP WITH TIME ZONE", [1, 2]),
        ("at", "2026-03-29 01:30:00.123457+00", "TIMESTAMP WITH TIME ZONE", [2]),
        ("local_at", "2026-03-29 02:30:00.123456", "TIMESTAMP", [1, 2]),
        ("local_at", "2026-03-29 02:30:00.123457", "TIMESTAMP", [2]),
        ("price", "1234567890.11", "DECIMAL(12,2)", [2]),
        ("nobody", "2026-01-01", "TIMESTAMP WITH TIME ZONE", [1, 2]),
    ],
)
def test_rows_from_the_cursor_on_and_those_without(
    server: Engine, opened: Opened, tmp_path: Path, column: str, value: str, data_type: str, ids: list[int]
):
    with opened(server) as reader:
        rows = _rows(reader, tmp_path, since=Since(column, value, data_type))
    assert [row["id"] for row in rows] == ids


@WAYS
def test_only_the_columns_asked_for_are_read(server: Engine, opened: Opened, tmp_path: Path):
    with opened(server) as reader:
        assert _rows(reader, tmp_path, columns=["id"]) == [{"id": 1}, {"id": 2}]


@WAYS
def test_two_readings_in_one_statement(server: Engine, opened: Opened):
    with opened(server) as reader:
        keys, rows = reader.rows("things", columns=["id"]), reader.rows("things")
        count = reader.connection.execute(f"select count(*) from {rows} where id in (select id from {keys})")
        assert count.fetchone()[0] == 2


@WAYS
def test_a_declared_type_is_read_as_such(server: Engine, opened: Opened, tmp_path: Path):
    with opened(server, columns={"price": "VARCHAR", "id": "INTEGER"}) as reader:
        assert (reader.columns("things")["price"], reader.columns("things")["id"]) == ("VARCHAR", "INTEGER")
        assert _rows(reader, tmp_path)[0]["price"] == "1234567890.10"


@WAYS
def test_a_table_that_is_not_there(server: Engine, opened: Opened):
    with opened(server, table="nothing") as reader, pytest.raises(SourceError, match="has no table nothing"):
        reader.columns("things")


@WAYS
def test_whether_there_are_rows(server: Engine, opened: Opened):
    with server.begin() as connection:
        connection.execute(text("create table empty_things (id int)"))
    with opened(server) as reader:
        assert reader.has_rows("things")
    with opened(server, table="empty_things") as reader:
        assert not reader.has_rows("things")
    with server.begin() as connection:
        connection.execute(text("drop table empty_things"))


@pytest.mark.parametrize(
    "url", ["postgresql://shop:hush%27hush@127.0.0.1:1/shop", "mysql://shop:hush%27hush@127.0.0.1:1/shop"]
)
def test_a_server_that_is_not_there_and_a_password_that_nobody_sees(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
):
    monkeypatch.setenv("SHOP_URL", url)
    system = SqlSystem(name="shop", platform="shop", kind="sql", url_env="SHOP_URL", tables={})
    with pytest.raises(SourceError) as error, open_system(system, Home(tmp_path)):
        pass
    said = str(error.value)
    assert said.startswith("The database of the system shop cannot be opened: ")
    assert "hush" not in said
    assert error.value.__cause__ is None


def test_a_sqlite_file_keeps_its_names_and_is_read_as_of_one_moment(tmp_path: Path):
    path = tmp_path / "the shop's.sqlite"
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("pragma journal_mode = wal")
        shop.execute('create table "group" (id integer primary key, word text)')
        shop.execute('insert into "group" values (1, ?)', [TEXT])
    system = SqlSystem(
        name="shop", platform="shop", kind="sql", url=f"sqlite:///{path}", tables={"words": Table(table="group")}
    )
    with open_system(system, Home(tmp_path)) as reader:
        assert reader.columns("words") == {"id": "BIGINT", "word": "VARCHAR"}
        assert reader.connection.execute(f"select * from {reader.rows('words')}").fetchall() == [(1, TEXT)]
        with closing(sqlite3.connect(path)) as shop, shop:
            shop.execute("insert into \"group\" values (2, 'b')")
        assert len(reader.connection.execute(f"select * from {reader.rows('words')}").fetchall()) == 1


def test_what_a_sqlite_column_holds_against_its_type_is_not_quoted(tmp_path: Path):
    """The message would be in the log, and the value may be a person's."""
    path = tmp_path / "shop.sqlite"
    with closing(sqlite3.connect(path)) as shop, shop:
        shop.execute("create table orders (id integer primary key, customer_id integer)")
        shop.execute("insert into orders values (1, 'ann@example.org')")
    system = SqlSystem(name="shop", platform="shop", kind="sql", url=f"sqlite:///{path}", tables={"orders": Table()})
    with open_system(system, Home(tmp_path)) as reader:
        with pytest.raises(SourceError) as of_columns:
            reader.rows("orders", columns=["customer_id"])
        with pytest.raises(SourceError) as of_all:
            load = Load("run-0001", NAIVE, NAIVE.date())
            land(reader, "orders", Table(), tmp_path / "raw", tmp_path / "rejects", load)
    for raised in (of_columns, of_all):
        assert "a value does not fit the type that the database declares its column with" in str(raised.value)
        assert "@example" not in str(raised.value)
