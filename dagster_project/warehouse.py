"""Opening warehouse.duckdb, the one file that only the pipeline opens, and the date that its as-of tables hold.

What is read or written stands elsewhere.
"""

import re
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.errors import WarehouseError
from dagster_project.settings import load_settings

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

HOLDER = re.compile(r"PID (\d+)")
CONNECTION = {"storage_compatibility_version": "latest"}  # as in dbt/profiles.yml; no other program reads the file


class WarehouseFileError(WarehouseError):
    """The warehouse's file cannot be opened; the message says why and what to do."""


class AsOfError(WarehouseError):
    """The warehouse's as-of tables hold another date than the run's; the message says which."""


def open_warehouse(file: Path) -> "DuckDBPyConnection":
    """A connection to the warehouse's file, which is made where there is none.

    Raises WarehouseFileError where another program has it open, or it is no DuckDB database.
    """
    import duckdb

    try:
        connection = duckdb.connect(str(file), config=CONNECTION)
    except duckdb.IOException as error:
        holder = HOLDER.search(str(error))
        if holder is None:
            raise WarehouseFileError(f"{file} cannot be opened: {str(error).splitlines()[0]}") from None
        raise WarehouseFileError(
            f"{file} is open in another program (PID {holder[1]}): close it; only the pipeline opens this file, "
            "BI opens published/marts.duckdb."
        ) from None
    for name, value in engine_settings().items():
        connection.execute(f"set {name} = '{value}'")
    return connection


def engine_settings() -> Mapping[str, str | int]:
    """What DuckDB may use of the machine, as its own settings."""
    settings = load_settings()
    return {"threads": settings.warehouse_threads, "memory_limit": f"{settings.warehouse_memory_mb}MB"}


def check_as_of(connection: "DuckDBPyConnection", as_of: date, tables: Mapping[str, str]) -> None:
    """Raises AsOfError where one of the tables (name -> schema) holds another date than the run's."""
    dated = connection.execute(
        "select schema_name, table_name from duckdb_columns() where column_name = 'as_of_date' order by all"
    ).fetchall()
    for schema, name in dated:
        if tables.get(name) != schema:
            continue
        held = connection.execute(f"select distinct as_of_date from {schema}.{name} order by all").fetchall()
        if held and held != [(as_of,)]:
            found = ", ".join(str(day) for (day,) in held)
            raise AsOfError(
                f"The run is for {as_of}, but {schema}.{name} holds {found}: run recompute for {as_of} again."
            )
