"""How fast sources are read: a table of orders from each kind of database and file, landed as a run lands it.

Needs PostgreSQL on 127.0.0.1:5432 (user postgres) and MariaDB on 127.0.0.1:3306 (user root), neither with a password;
creates databases called warehouse_benchmark there, and drops them. Run: python -m benchmarks.extraction
"""

import resource
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, closing, contextmanager
from datetime import date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import click
import duckdb
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL, make_url

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem, SqlSystem, Table
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers.batches import AnyDatabase
from dagster_project.sources.readers.database import SCANNED, read_as
from dagster_project.sources.readers.files import open_files
from dagster_project.sources.readers.reader import Reader

NAME = "warehouse_benchmark"
POSTGRESQL = make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres")
MARIADB = make_url("mariadb+pymysql://root@127.0.0.1:3306/mysql")
ORDERS = {
    "postgresql": """
        create table orders as
        select
            i as id, i % 300000 as customer_id, cast(i * 7919 % 1000000 / 100.0 as numeric(12, 2)) as total,
            cast(i * 31 % 10000 / 100.0 as numeric(12, 2)) as shipping,
            'customer' || i % 300000 || '@example.com' as email,
            timestamptz '2020-01-01' + i * interval '97 seconds' as updated_at,
            json_build_object('channel', 'web', 'note', 'größe ' || i) as details
        from generate_series(bigint '1', {rows}) as numbers (i)
    """,
    "mariadb": """
        create table orders (
            id bigint primary key, customer_id bigint, total decimal(12, 2), shipping decimal(12, 2),
            email varchar(200), updated_at timestamp(6) null, details json
        )
        select
            seq as id, seq % 300000 as customer_id, seq * 7919 % 1000000 / 100.0 as total,
            seq * 31 % 10000 / 100.0 as shipping, concat('customer', seq % 300000, '@example.com') as email,
            timestamp('2020-01-01') + interval 97 * seq second as updated_at,
            json_object('channel', 'web', 'note', concat('größe ', seq)) as details
        from seq_1_to_{rows}
    """,
    "file": """
        select
            i as id, i % 300000 as customer_id, cast(i * 7919 % 1000000 / 100.0 as decimal(12, 2)) as total,
            cast(i * 31 % 10000 / 100.0 as decimal(12, 2)) as shipping,
            'customer' || i % 300000 || '@example.com' as email,
            timestamp '2020-01-01' + to_seconds(i * 97) as updated_at,
            '{{"channel": "web", "note": "größe ' || i || '"}}' as details
        from range(1, {rows} + 1) as numbers (i)
    """,
}
LOAD = Load(id="benchmark", loaded_at=datetime(2026, 1, 1), as_of=date(2026, 1, 1))

Open = Callable[[Home], AbstractContextManager[Reader]]


@contextmanager
def loaded_server(server: URL, rows: int) -> Iterator[URL]:
    """A database with that many orders; dropped at the end of the block."""
    administration = create_engine(server, isolation_level="AUTOCOMMIT")
    with administration.connect() as connection:
        connection.execute(text(f"drop database if exists {NAME}"))
        connection.execute(text(f"create database {NAME}"))
        try:
            engine = create_engine(server.set(database=NAME))
            with engine.begin() as orders:
                orders.execute(text(ORDERS[server.get_backend_name()].format(rows=rows)))
            engine.dispose()
            yield engine.url
        finally:
            connection.execute(text(f"drop database {NAME}"))


@contextmanager
def loaded_sqlite(rows: int) -> Iterator[URL]:
    """A SQLite file with that many orders; gone at the end of the block."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "shop.sqlite"
        with closing(sqlite3.connect(path)) as shop, shop:
            shop.execute(
                "create table orders (id integer primary key, customer_id, total, shipping, email, updated_at)"
            )
            shop.executemany("insert into orders values (?, ?, ?, ?, ?, ?)", map(_order, range(1, rows + 1)))
        yield URL.create("sqlite", database=str(path))


def _order(number: int) -> tuple:
    updated_at = datetime(2020, 1, 1) + timedelta(seconds=97 * number)
    amounts = number * 7919 % 1000000 / 100, number * 31 % 10000 / 100
    return number, number % 300000, *amounts, f"customer{number % 300000}@example.com", f"{updated_at.isoformat()}Z"


@contextmanager
def loaded_file(rows: int, ending: str) -> Iterator[Path]:
    """A folder with a file of that many orders; gone at the end of the block."""
    with TemporaryDirectory() as folder:
        duckdb.sql(f"copy ({ORDERS['file'].format(rows=rows)}) to {sql.text(Path(folder) / f'orders.{ending}')}")
        yield Path(folder)


def ways(rows: int) -> Iterator[tuple[str, Open]]:
    """By name how each kind of source is read, which is there until the next one is asked for. SQLAlchemy is for
    databases without a scanner."""
    for ending in ("parquet", "csv"):
        tables = {"orders": {"file": f"orders.{ending}"}}
        with loaded_file(rows, ending) as folder:
            system = FilesSystem(name="shop", platform="shop", kind="files", path=str(folder), tables=tables)
            yield ending, partial(open_files, system)
    with loaded_sqlite(rows) as url:
        yield "sqlite", _scanner(url)
    for server in (POSTGRESQL, MARIADB):
        with loaded_server(server, rows) as url:
            yield url.get_backend_name(), _scanner(url)
            yield f"{url.get_backend_name()}, SQLAlchemy", partial(read_as, AnyDatabase, _database(url), url)


def _scanner(url: URL) -> Open:
    return partial(read_as, SCANNED[url.get_backend_name()], _database(url), url)


def _database(url: URL) -> SqlSystem:
    address = url.render_as_string(hide_password=False)
    return SqlSystem(name="shop", platform="shop", kind="sql", url=address, tables={"orders": {}})


def measure(open_source: Open) -> tuple[int, float, int]:
    """Rows landed, seconds, and the most memory that this process ever had (MiB)."""
    with TemporaryDirectory() as folder, open_source(Home(Path(folder))) as reader:
        reader.connection.execute("set enable_progress_bar = false")
        begun = time.perf_counter()
        landing = land(reader, "orders", Table(), Path(folder) / "raw", Path(folder) / "rejects", LOAD)
        seconds = time.perf_counter() - begun
        return landing.rows, seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


@click.command()
@click.option("--rows", default=1_000_000, show_default=True, help="Orders to read.")
def main(rows: int) -> None:
    """Print a table: how a kind of source is read, rows, seconds, rows a second, peak memory of the process."""
    click.echo(f"{'kind':24} {'rows':>12} {'seconds':>8} {'rows/s':>10} {'MiB':>6}")
    for name, open_source in ways(rows):
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            landed, seconds, mebibytes = process.submit(measure, open_source).result()
        click.echo(f"{name:24} {landed:12,} {seconds:8.1f} {landed / seconds:10,.0f} {mebibytes:6,}")


if __name__ == "__main__":
    main()
