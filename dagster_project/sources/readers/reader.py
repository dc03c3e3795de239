"""What every reader offers to landing: columns and rows of a system's tables as DuckDB sees them.

Belongs here: what readers share. Does not belong here: how a kind of system is read.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

import duckdb

from dagster_project import sql


@dataclass(frozen=True)
class Since:
    """From which cursor on a table is read: rows at or after `value`, and those without a cursor.

    value      as text of the type `data_type`
    data_type  DuckDB type that the cursor is compared as; TIMESTAMP WITH TIME ZONE also for times written as text
    """

    column: str
    value: str
    data_type: str

    @property
    def condition(self) -> str:
        """As DuckDB's SQL, to stand after WHERE."""
        age = cursor_age(self.column, self.data_type)
        return f"({age} >= cast({sql.text(self.value)} as {self.data_type}) or {age} is null)"


# Errors whose message may quote a value of the table.
QUOTES_VALUES = (
    duckdb.ConversionException,
    duckdb.InvalidInputException,
    duckdb.OutOfRangeException,
    duckdb.TypeMismatchException,
)


def reason_of(error: duckdb.Error) -> str:
    """What DuckDB says, but for what could quote a value of the table."""
    if isinstance(error, duckdb.TypeMismatchException):
        return "a value does not fit the type that the database declares its column with"
    if isinstance(error, QUOTES_VALUES):
        return "a value does not fit the type of its column (columns in sources.yml can read it as VARCHAR)"
    return str(error).splitlines()[0].rstrip(".")


class Reader(Protocol):
    """One open system. All of its tables are read on one connection."""

    connection: duckdb.DuckDBPyConnection

    def columns(self, table: str) -> Mapping[str, str]:
        """Names and DuckDB types of the columns, in the source's order.

        Raises SourceError where the table is not there or cannot be read.
        """
        ...

    def has_rows(self, table: str) -> bool:
        """Whether the table holds any row."""
        ...

    def files(self, table: str) -> Mapping[str, str]:
        """The files the table is read from, each with a fingerprint that changes with it; none for a database."""
        ...

    def rows(
        self,
        table: str,
        *,
        columns: Collection[str] = (),
        since: Since | None = None,
        files: Collection[str] = (),
    ) -> str:
        """A relation of the table's rows, to stand once after FROM on `connection`: it may be a stream.

        `columns` and `files` restrict it to these, none meaning all.
        """
        ...

    def rejects(self, table: str) -> str | None:
        """A relation of what the last reading of the table's rows had to leave out, where anything can be.

        Columns: file (text), line (bigint, from 1), reason (text that quotes no value).
        """
        ...


def cursor_age(column: str, data_type: str) -> str:
    """The cursor as what grows with every change. Text is read as time, since the text '…:00.5Z' sorts before '…:00Z';
    text that is no time gives NULL, so that such rows are always read."""
    return f"try_cast({sql.name(column)} as {data_type})"
