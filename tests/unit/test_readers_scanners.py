"""Readers of databases: what each server would get wrong if it were read the plain way.

What all of them have to get right alike is in test_readers_database.py.
"""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from integration.databases import new_database, shown
from sqlalchemy import Engine, text

from dagster_project.home import Home
from dagster_project.sources.config import SourceError, SqlSystem
from dagster_project.sources.readers import open_system
from dagster_project.sources.readers.reader import Reader, Since

WRITER = "import sqlite3, sys\nwith sqlite3.connect(sys.argv[1]) as shop:\n    shop.executescript(sys.argv[2])"
MEASURE = """
import resource, sys
from pathlib import Path
from tempfile import TemporaryDirectory
from dagster_project.home import Home
from dagster_project.sources.config import SqlSystem
from dagster_project.sources.readers import open_system

system = SqlSystem(name="shop", platform="shop", kind="sql", url=sys.argv[1], tables={"orders": {}})
with TemporaryDirectory() as home, open_system(system, Home(Path(home))) as reader:
    keys, rows = reader.rows("orders", columns=["id"]), reader.rows("orders")
    reader.connection.execute("set enable_progress_bar = false")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    query = f"select max(length(word)) from {rows} as a where exists (from {keys} as b where a.id = b.id)"
    length = reader.connection.execute(query).fetchone()[0]
    print(length, (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
LATER = Since("changed_at", "2026-06-01 00:00:00", "TIMESTAMP")


@pytest.fixture
def postgresql() -> Iterator[Engine]:
    with new_database("postgresql") as engine:
        yield engine


@pytest.fixture
def mariadb() -> Iterator[Engine]:
    with new_database("mariadb") as engine:
        yield engine


def _run(engine: Engine, *statements: str) -> None:
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


@contextmanager
def _opened(url: str, tables: dict | None = None, **system: object) -> Iterator[Reader]:
    described = SqlSystem(name="shop", platform="shop", kind="sql", url=url, tables=tables or {"orders": {}}, **system)
    with TemporaryDirectory() as home, open_system(described, Home(Path(home))) as reader:
        yield reader


def _read(reader: Reader, selected: str, table: str = "orders", **options: object) -> list[tuple]:
    rows = reader.rows(table, **options)
    return reader.connection.execute(f"select {selected} from {rows} order by all").fetchall()


def test_a_number_of_postgresql_that_is_none_is_missing_and_not_0(postgresql: Engine):
    _run(
        postgresql,
        "create domain money12 as numeric(12, 2)",
        "create table orders (id int, total numeric(12, 2), tax money12, rounded numeric(5, -2))",
        "insert into orders values (1, 'NaN', 1.10, 1234), (2, 0, null, null)",
    )
    with _opened(shown(postgresql.url)) as reader:
        assert reader.columns("orders") == {
            "id": "INTEGER",
            "total": "DECIMAL(12,2)",
            "tax": "DECIMAL(12,2)",
            "rounded": "VARCHAR",
        }
        assert _read(reader, "*") == [(1, None, Decimal("1.10"), "1200"), (2, Decimal("0.00"), None, None)]


def test_postgresql_is_asked_for_rows_from_the_cursor_on_only(postgresql: Engine):
    _run(
        postgresql,
        "create table orders (id int, changed_at timestamp)",
        "insert into orders values (1, '2026-05-31'), (2, '2026-06-01'), (3, null)",
    )
    with _opened(shown(postgresql.url)) as reader:
        assert _read(reader, "id", since=LATER) == [(2,), (3,)]
        with postgresql.connect() as connection:
            asked = connection.execute(
                text("select query from pg_stat_activity where datname = current_database() and query like 'COPY%'")
            ).scalar_one()
    assert """from "orders" where "changed_at" >= '2026-06-01 00:00:00' or "changed_at" is null""" in asked


def test_columns_that_the_user_may_not_read_are_not_there(postgresql: Engine):
    user = f"{postgresql.url.database}_reader"
    _run(
        postgresql,
        "create table orders (id int, email text)",
        "create table secrets (id int)",
        "create schema hidden create table orders (id int)",
        f"create role {user} login",
        f"grant select (id) on orders to {user}",
    )
    tables = {"orders": {}, "secrets": {}}
    try:
        with _opened(shown(postgresql.url.set(username=user)), tables) as reader:
            assert reader.columns("orders") == {"id": "INTEGER"}
            with pytest.raises(
                SourceError, match=r"The system shop has no table secrets .* or its user may not read it"
            ):
                reader.columns("secrets")
            assert not reader.has_rows("orders")
        with (
            _opened(shown(postgresql.url.set(username=user)), tables, schema="hidden") as reader,
            pytest.raises(SourceError, match="has no table orders in its schema hidden"),
        ):
            reader.columns("orders")
    finally:
        _run(postgresql, f"drop owned by {user}", f"drop role {user}")


def test_postgresql_is_read_as_of_the_moment_that_it_was_opened(postgresql: Engine):
    _run(postgresql, "create table orders (id int)", "insert into orders values (1)")
    with _opened(shown(postgresql.url)) as reader:
        _run(postgresql, "insert into orders values (2)")
        assert _read(reader, "id") == [(1,)]


def test_a_table_of_another_schema_and_name(postgresql: Engine):
    _run(
        postgresql,
        'create schema "My Shop" create table "Order" ("Id" int)',
        'insert into "My Shop"."Order" values (7)',
    )
    with _opened(shown(postgresql.url), {"orders": {"table": "Order"}}, schema="My Shop") as reader:
        assert _read(reader, '"Id"') == [(7,)]


def test_a_statement_that_fails_does_not_stop_the_tables_after_it(postgresql: Engine, mariadb: Engine, tmp_path: Path):
    for engine in (postgresql, mariadb):
        _run(
            engine,
            "create table orders (id int, word varchar(10))",
            "create table items (id int)",
            "insert into orders values (1, 'one')",
            "insert into items values (1)",
        )
        tables = {"orders": {"columns": {"word": "INTEGER"}}, "items": {}}
        with _opened(shown(engine.url), tables) as reader:
            with pytest.raises(duckdb.Error):
                reader.connection.execute(f"copy (from {reader.rows('orders')}) to '{tmp_path / 'orders.parquet'}'")
            assert _read(reader, "id", "items") == [(1,)]


def test_a_declared_column_that_the_table_lacks(mariadb: Engine):
    _run(mariadb, "create table orders (id int)")
    with (
        _opened(shown(mariadb.url), {"orders": {"columns": {"total": "DECIMAL(12,2)"}}}) as reader,
        pytest.raises(SourceError, match="orders of the system shop declares the column total"),
    ):
        reader.columns("orders")


MARIADB_ORDERS = """
    create table orders (
        id bigint unsigned primary key, changed_at datetime, paid_at timestamp null, total decimal(10, 0),
        tax decimal(12, 2) unsigned, rate decimal(65, 30), is_new tinyint(1), word text collate utf8mb4_bin,
        facts json, code uuid, `mood` enum('a', 'ß'), took time(1), flag bit(1), raw varbinary(4)
    ) character set utf8mb4
"""
FULL_ROW = {
    "id": 2**64 - 1,
    "changed_at": "2026-06-01 00:00:00",
    "paid_at": "2026-06-01 00:00:00",
    "total": Decimal("9999999999"),
    "tax": Decimal("9999999999.99"),
    "rate": "12345678901234567890123456789012345.123456789012345678901234567891",
    "is_new": 2,
    "word": "Zoë 😀",
    "facts": '{"a": 1.10, "ü": "😀"}',
    "code": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
    "mood": "ß",
    "took": "-100:00:01.5",
    "flag": True,
    "raw": b"\x00\xff",
}


@pytest.fixture
def full_mariadb(mariadb: Engine) -> Engine:
    """Two rows of every type, one of which is NULL but for its key and cursor."""
    names = ", ".join(f"`{name}`" for name in FULL_ROW)
    values = ", ".join(f":{name}" for name in FULL_ROW)
    with mariadb.begin() as connection:
        connection.execute(text("set time_zone = '+00:00', names utf8mb4"))
        connection.execute(text(MARIADB_ORDERS))
        connection.execute(text(f"insert into orders ({names}) values ({values})"), FULL_ROW)
        connection.execute(text("insert into orders (id, changed_at) values (1, '2026-05-31')"))
    return mariadb


def _as_text(value: object) -> object:
    return value if isinstance(value, bytes) else None if value is None else str(value)


def test_values_of_mariadb_are_the_same_by_scan_and_by_query(full_mariadb: Engine):
    narrow = [name for name in FULL_ROW if name != "rate"]
    selected = ", ".join(f'"{name}"' for name in narrow)
    with _opened(shown(full_mariadb.url)) as reader:
        by_scan = _read(reader, selected, columns=narrow)
        by_query = _read(reader, selected)  # of which the wide number makes a query
        types = reader.columns("orders")
        (rate,) = _read(reader, "rate", columns=["id", "rate"])[0]
    assert by_scan == by_query
    assert rate == FULL_ROW["rate"]
    assert (types["total"], types["tax"], types["rate"]) == ("DECIMAL(10,0)", "DECIMAL(12,2)", "VARCHAR")
    assert (types["changed_at"], types["paid_at"]) == ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE")
    found = dict(zip(narrow, by_scan[1], strict=True))
    assert found.pop("paid_at").isoformat() == "2026-06-01T00:00:00+00:00"
    assert {name: _as_text(value) for name, value in found.items()} == {
        name: _as_text(FULL_ROW[name]) for name in found
    }


def _asked(reader: Reader, capfd: pytest.CaptureFixture[str], **options: object) -> tuple[list[int], list[str]]:
    """Ids that are read since LATER, and the statements that read them."""
    reader.columns("orders")
    reader.connection.execute("set mysql_debug_show_queries = true")
    ids = [number for (number,) in _read(reader, "id", since=LATER, **options)]
    reader.connection.execute("set mysql_debug_show_queries = false")
    return ids, [line for line in capfd.readouterr().err.splitlines() if "`orders`" in line]


def test_mariadb_is_asked_for_rows_from_the_cursor_on_only(mariadb: Engine, capfd: pytest.CaptureFixture[str]):
    _run(
        mariadb,
        "set sql_mode = ''",
        "create table orders (id int, changed_at datetime)",
        "insert into orders values (1, '2026-05-31'), (2, '2026-06-01')",
    )
    with _opened(shown(mariadb.url)) as reader:
        ids, statements = _asked(reader, capfd)
        assert _read(reader, "count(*)", since=LATER) == [(1,)]
    assert ids == [2]
    assert [" where " in statement.lower() for statement in statements] == [True, True]
    with mariadb.begin() as connection:
        connection.execute(text("set sql_mode = ''"))
        connection.execute(text("insert into orders values (3, null), (4, '0000-00-00')"))
    with _opened(shown(mariadb.url)) as reader:
        ids, statements = _asked(reader, capfd)
        assert _read(reader, "id, changed_at")[2:] == [(3, None), (4, None)]
    assert ids == [2, 3, 4]
    assert {" where " in statement.lower() for statement in statements} == {True}


def test_a_snapshot_of_mariadb_does_not_depend_on_its_default(mariadb: Engine):
    _run(mariadb, "create table orders (id int)", "insert into orders values (1)")
    with mariadb.connect() as connection:
        default = connection.execute(text("select @@global.tx_isolation")).scalar_one().replace("-", " ")
    _run(mariadb, "set global transaction isolation level read committed")
    try:
        with _opened(shown(mariadb.url)) as reader:
            _run(mariadb, "insert into orders values (2)")
            assert _read(reader, "id") == [(1,)]
    finally:
        _run(mariadb, f"set global transaction isolation level {default}")


@pytest.mark.parametrize("password", ["wr\"ong '\\pass", "Access denied"])
def test_a_wrong_password_that_nobody_sees(
    mariadb: Engine, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, password: str
):
    user = mariadb.url.database[-20:]
    _run(mariadb, f"create user {user}@'%' identified by 'right'")
    monkeypatch.setenv("SHOP_URL", shown(mariadb.url.set(username=user, password=password)))
    system = SqlSystem(name="shop", platform="shop", kind="sql", url_env="SHOP_URL", tables={})
    try:
        with pytest.raises(SourceError) as error, open_system(system, Home(tmp_path)):
            pass
    finally:
        _run(mariadb, f"drop user {user}@'%'")
    assert str(error.value).startswith("The database of the system shop cannot be opened: ")
    assert f"for user '{user}'" in str(error.value)
    assert password not in str(error.value)


def test_memory_does_not_grow_with_the_table_even_where_it_is_compared_with_its_keys(
    postgresql: Engine, mariadb: Engine
):
    numbers = {postgresql: "generate_series(1, 100000) as numbers (seq)", mariadb: "seq_1_to_100000"}
    for engine, source in numbers.items():
        _run(engine, "create table orders (id int, word text)")
        _run(engine, f"insert into orders select seq, repeat('long text ', 100) from {source}")  # 100 MB
        measured = subprocess.run([sys.executable, "-c", MEASURE, shown(engine.url)], capture_output=True, check=True)
        length, mebibytes = map(int, measured.stdout.split())
        assert length == 1000
        assert mebibytes < 50


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_sqlite_is_read_as_of_the_moment_that_it_was_opened(tmp_path: Path, journal: str):
    path = tmp_path / "shop.sqlite"

    def write(statements: str) -> int:
        # From another process, whose locks are seen: two libraries of SQLite in one process do not see each other's.
        return subprocess.run([sys.executable, "-c", WRITER, path, statements], capture_output=True).returncode

    rows = "with recursive n(i) as (select 1 union all select i + 1 from n where i < 300000) select i from n"
    assert (
        write(
            f"pragma journal_mode = {journal}; create table orders (id integer primary key); insert into orders {rows}"
        )
        == 0
    )
    with _opened(f"sqlite:///{path}") as reader:
        has_written = write("insert into orders values (-1)") == 0
        assert _read(reader, "count(*), min(id)") == [(300_000, 1)]
    assert has_written == (journal == "wal")


def test_a_driver_that_is_not_installed():
    with (
        pytest.raises(SourceError, match="cannot be opened: No module named 'oracledb'"),
        _opened("oracle+oracledb://db/shop"),
    ):
        pass
