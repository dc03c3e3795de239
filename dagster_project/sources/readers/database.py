"""Reads the tables of a system that is a database: declared types, cursors, errors that name the table.

Belongs here: what holds for databases of every kind, and which kind is opened how. Those that DuckDB reads itself are
in scanners.py, all others in batches.py.
"""

from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from typing import TYPE_CHECKING, Protocol

import duckdb
from sqlalchemy.exc import SQLAlchemyError

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.sources.config import SourceError, SqlSystem
from dagster_project.sources.readers.batches import AnyDatabase
from dagster_project.sources.readers.connection import open_connection
from dagster_project.sources.readers.reader import QUOTES_VALUES, Since, reason_of
from dagster_project.sources.readers.scanners import MySql, PostgreSql, Sqlite

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

SCANNED = {"postgresql": PostgreSql, "mysql": MySql, "mariadb": MySql, "sqlite": Sqlite}


class Database(Protocol):
    """An open database of one kind, whose tables are all read from one snapshot."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, url: "URL", schema: str | None) -> None: ...

    def columns(self, table: str) -> Mapping[str, str]:
        """Names of the columns that may be read, and DuckDB types that hold their values; none without the table."""
        ...

    def has_rows(self, table: str) -> bool:
        """Whether the table holds any row."""
        ...

    def rows(self, table: str, columns: Collection[str], since: Since | None) -> str:
        """A relation of these columns, restricted by the database. `since` has the type of its column."""
        ...

    def begin_again(self) -> None:
        """Give the snapshot up, and read from one of now."""
        ...

    def close(self) -> None:
        """Leave the database."""
        ...


@contextmanager
def open_database(system: SqlSystem, home: Home) -> Iterator["DatabaseReader"]:
    """The reader of a database.

    Raises SourceError where the database cannot be opened.
    """
    url = system.location(home)
    with read_as(SCANNED.get(url.get_backend_name(), AnyDatabase), system, url, home) as reader:
        yield reader


@contextmanager
def read_as(kind: type[Database], system: SqlSystem, url: "URL", home: Home) -> Iterator["DatabaseReader"]:
    """The reader of a database that is read as one of this kind.

    Raises SourceError where the database cannot be opened.
    """
    with open_connection(home) as (connection, _):
        with _told_as(f"The database of the system {system.name} cannot be opened", url):
            database = kind(connection, url, system.db_schema)
        with closing(database):
            yield DatabaseReader(connection, database, system, url)


class DatabaseReader:
    """Reads the tables of an open database."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, database: Database, system: SqlSystem, url: "URL"
    ) -> None:
        self._connection = connection
        self._database = database
        self._system = system
        self._url = url
        self._found: dict[str, Mapping[str, str]] = {}
        self._numbers = count(1)

    @property
    def connection(self) -> duckdb.DuckDBPyConnection:
        """A statement that fails on it ends the snapshot: whoever takes the connection next reads from another one."""
        self._renew()
        return self._connection

    def columns(self, table: str) -> Mapping[str, str]:
        types = {**self._columns(table), **self._system.tables[table].columns}
        values = ", ".join(f"cast(null as {data_type}) as {sql.name(name)}" for name, data_type in types.items())
        with self._reading(table):
            described = self._connection.execute(f"describe select {values}").fetchall()
        return {name: data_type for name, data_type, *_ in described}

    def has_rows(self, table: str) -> bool:
        self._columns(table)
        with self._reading(table):
            return self._database.has_rows(self._name(table))

    def files(self, table: str) -> Mapping[str, str]:
        return {}

    def rows(
        self,
        table: str,
        *,
        columns: Collection[str] = (),
        since: Since | None = None,
        files: Collection[str] = (),
    ) -> str:
        types, declared = self._columns(table), self._system.tables[table].columns
        names = [*(columns or types)]
        # Text, and what is declared to be of another type, is compared here.
        is_compared_there = since and since.column not in declared and since.data_type == types.get(since.column)
        compared_here = since if since and not is_compared_there else None
        read = dict.fromkeys([*names, compared_here.column] if compared_here else names)
        with self._reading(table):
            relation = self._database.rows(self._name(table), read, since if is_compared_there else None)
        values = ", ".join(_cast(name, declared.get(name)) for name in names)
        condition = f" where {compared_here.condition}" if compared_here else ""
        query = f"select {values} from {relation}{condition}"
        return self._kept(table, query) if columns else f"({query})"

    def rejects(self, table: str) -> None:
        return None

    def _kept(self, table: str, query: str) -> str:
        """A table of DuckDB's own with some columns, to be compared with all of them: a database streams to one
        relation of a statement only, and would hold all others in memory."""
        name = sql.name(f"part {next(self._numbers)} of {table}")
        with self._reading(table):
            self._connection.execute(f"create temp table {name} as {query}")
        return name

    def _name(self, table: str) -> str:
        return self._system.tables[table].table or table

    def _columns(self, table: str) -> Mapping[str, str]:
        """Those that the database has, with its types."""
        name = self._name(table)
        if table not in self._found:
            with self._reading(table):
                self._found[table] = self._database.columns(name)
        if not self._found[table]:
            where = f"schema {self._system.db_schema}" if self._system.db_schema else f"database {self._url.database}"
            raise SourceError(
                f"The system {self._system.name} has no table {name} in its {where}, or its user may not read it."
            )
        for column in self._system.tables[table].columns:
            if column not in self._found[table]:
                raise SourceError(
                    f"The table {table} of the system {self._system.name} declares the column {column}, "
                    "which it does not have."
                )
        return self._found[table]

    @contextmanager
    def _reading(self, table: str) -> Iterator[None]:
        with _told_as(f"The table {table} of the system {self._system.name} cannot be read", self._url):
            self._renew()
            try:
                yield
            except (duckdb.Error, SQLAlchemyError):
                self._begin_again()
                raise

    def _renew(self) -> None:
        """Begin another snapshot where a statement failed and ended the last one."""
        try:
            self._connection.execute("select 1")
        except duckdb.TransactionException:
            self._begin_again()

    def _begin_again(self) -> None:
        self._found.clear()
        with _told_as(f"The database of the system {self._system.name} is lost", self._url):
            self._database.begin_again()


def _cast(column: str, data_type: str | None) -> str:
    name = sql.name(column)
    return f"cast({name} as {data_type}) as {name}" if data_type else name


@contextmanager
def _told_as(beginning: str, url: "URL") -> Iterator[None]:
    """Turn errors into a sentence with what the database answered, without what it was asked, a value of its rows or
    the password."""
    try:
        yield
    except QUOTES_VALUES as error:
        raise SourceError(f"{beginning}: {reason_of(error)}.") from None
    except (duckdb.Error, SQLAlchemyError, ImportError, ValueError) as error:
        answer = str(getattr(error, "orig", None) or error).rpartition('": ')[2]
        reason = " ".join(answer.strip().partition("\n")[0].split()) or type(error).__name__
        if url.password:
            reason = reason.replace(str(url.password), "***")
        raise SourceError(f"{beginning}: {reason.rstrip('.')}.") from None
