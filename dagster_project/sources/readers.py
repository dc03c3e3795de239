"""How a table of each kind of source system becomes a DuckDB relation. Reads nothing by itself, lands nothing."""

from importlib.util import find_spec
from pathlib import Path

import duckdb

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.sources.config import SourceError, System, Table

FILE_READERS = {
    ".parquet": "read_parquet({path}, hive_partitioning = false)",
    ".csv": "read_csv({path}, all_varchar = true, header = true, hive_partitioning = false)",
    ".jsonl": "read_json({path}, format = 'newline_delimited', columns = {columns}, hive_partitioning = false)",
}


def relation(connection: duckdb.DuckDBPyConnection, system: System, table: str, home: Home) -> str:
    """The SQL of a source table, to stand after FROM, readable on the connection given.

    Raises SourceError where the system, its file or its table is not there.
    """
    location = system.location(home)
    if system.kind == "sql":
        return _sqlite_table(connection, location, system, table)
    return _file(location, system, table)


def source_file(system: System, table: str, home: Home) -> Path | None:
    """The file that a table is read from, where it has one of its own."""
    return _file_path(system.location(home), system.tables[table]) if system.kind == "files" else None


def _sqlite_table(connection: duckdb.DuckDBPyConnection, path: Path, system: System, table: str) -> str:
    load_extension(connection, "sqlite_scanner")
    connection.execute(f"attach if not exists {sql.text(path)} as {sql.name(system.name)} (type sqlite, read_only)")
    found = connection.execute(
        "select 1 from duckdb_tables() where database_name = ? and table_name = ?", [system.name, table]
    ).fetchone()
    if not found:
        raise SourceError(f"The system {system.name} has no table {table}.")
    return f"{sql.name(system.name)}.main.{sql.name(table)}"


def _file(location: Path, system: System, table: str) -> str:
    config: Table = system.tables[table]
    path = _file_path(location, config)
    if not path.exists():
        raise SourceError(f"The table {table} of the system {system.name} is the file {path.name}, which is not there.")
    reader = FILE_READERS.get(path.suffix)
    if reader is None:
        raise SourceError(
            f"The table {table} of the system {system.name} is the file {path.name}; "
            f"files can end in {', '.join(FILE_READERS)}."
        )
    if "{columns}" in reader and not config.columns:
        raise SourceError(
            f"The table {table} of the system {system.name} is the file {path.name}, whose columns and their types "
            "have to be listed (columns: {id: VARCHAR, ...})."
        )
    columns = ", ".join(f"{sql.text(name)}: {sql.text(type_)}" for name, type_ in (config.columns or {}).items())
    return reader.format(path=sql.text(path), columns="{" + columns + "}")


def _file_path(location: Path, config: Table) -> Path:
    return location / config.file if config.file else location


def load_extension(connection: duckdb.DuckDBPyConnection, name: str) -> None:
    """Load a DuckDB extension from its wheel; a bare LOAD would try to download it."""
    folder = Path(find_spec(f"duckdb_extension_{name}").submodule_search_locations[0])
    extension = folder / "extensions" / f"v{duckdb.__version__}" / f"{name}.duckdb_extension"
    connection.execute(f"load {sql.text(extension)}")
