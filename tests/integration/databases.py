"""Databases of real servers for tests: created under a name of their own, dropped afterwards.

A test that needs a server which is not there skips; in CI a skip is a failure. What is in a database does not belong
here.
"""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import pytest
from sqlalchemy import Connection, MetaData, Table, create_engine, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import OperationalError

Server = Literal["postgresql", "mariadb"]
SERVERS = {
    "postgresql": make_url("postgresql+psycopg://postgres@127.0.0.1:5432/postgres"),
    "mariadb": make_url("mariadb+pymysql://root@127.0.0.1:3306/mysql"),
}


@contextmanager
def new_database(server: Server) -> Iterator[Engine]:
    """An empty database of the server; dropped at the end of the block."""
    administration = create_engine(SERVERS[server], isolation_level="AUTOCOMMIT")
    name = f"warehouse_test_{uuid.uuid4().hex[:12]}"
    try:
        connection = administration.connect()
    except OperationalError:
        pytest.skip(f"needs a {server} server on {SERVERS[server].host}:{SERVERS[server].port}")
    with connection:
        connection.execute(text(f"create database {name}"))
        engine = create_engine(SERVERS[server].set(database=name))
        try:
            yield engine
        finally:
            engine.dispose()
            force = " with (force)" if server == "postgresql" else ""
            connection.execute(text(f"drop database {name}{force}"))
    administration.dispose()


def shown(url: URL) -> str:
    """A URL as text for sources.yml; these have no password."""
    return url.render_as_string(hide_password=False)


def create_tables(connection: Connection, schema: Path) -> None:
    """Run the statements of an SQL file."""
    for statement in schema.read_text().split(";"):
        if statement.strip():
            connection.exec_driver_sql(statement)


def insert(connection: Connection, name: str, *rows: Mapping[str, Any]) -> None:
    """Insert rows into a table; columns that a row does not name keep their default."""
    table = Table(name, MetaData(), autoload_with=connection)
    for row in rows:
        connection.execute(table.insert(), dict(row))
