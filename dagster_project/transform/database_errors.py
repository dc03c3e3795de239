"""DuckDB's errors as dbt tells and logs them: which column of which line, but no value, which may be somebody's.

A mend of dbt's adapter, which has no place for it: dbt writes an error into its log before anybody else sees it.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import duckdb

# About SQL and files; all others may quote a value of a table.
QUOTES_NO_VALUE = (
    duckdb.BinderException,
    duckdb.CatalogException,
    duckdb.DependencyException,
    duckdb.HTTPException,
    duckdb.InterruptException,
    duckdb.IOException,
    duckdb.OutOfMemoryException,
    duckdb.ParserException,
    duckdb.PermissionException,
    duckdb.SyntaxException,
)
KIND = re.compile(r"[A-Z][A-Za-z ]*? Error(?=: )")
# How DuckDB begins what it then quotes a value in, or says of no value at all.
BEGINNING = re.compile(
    r"Could not (?:convert|parse) string|Malformed JSON|invalid \w+ field format|Overflow in \w+"
    r"|Map keys must be unique|More than one row returned by a subquery used as an expression"
)
COLUMN = re.compile(r".*when casting from source column (\w+)$", re.DOTALL)


def without_values(error: duckdb.Error, query: str) -> str:
    """What the error says but for values: its kind, how it begins, the column, and the line of the query."""
    message = str(error)
    if isinstance(error, QUOTES_NO_VALUE):
        return message
    kind = KIND.match(message)
    beginning = BEGINNING.match(message, kind.end() + 2) if kind else None
    said = f"{kind.group() if kind else 'Error'}: {beginning.group() if beginning else 'a value does not fit'}"
    text, has_place, excerpt = message.rpartition("\n\nLINE ")
    line = excerpt.partition("\n")[0].partition(": ")[2].strip()
    if not has_place or line.removeprefix("...").removesuffix("...").strip() not in query:
        return said
    column = COLUMN.fullmatch(text)
    where = f", in the column {column.group(1)}" if column else ""
    return f"{said}{where}: {line}" if line else said + where


@cache
def quote_no_values() -> None:
    """Let dbt's adapter of this process tell errors without values, from its next query on."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    told_by_dbt = DuckDBConnectionManager.exception_handler

    @contextmanager
    def exception_handler(self: Any, sql: str, connection_name: str = "master") -> Iterator[None]:
        with told_by_dbt(self, sql, connection_name):
            try:
                yield
            except duckdb.Error as error:
                raise type(error)(without_values(error, sql)) from None

    DuckDBConnectionManager.exception_handler = exception_handler
