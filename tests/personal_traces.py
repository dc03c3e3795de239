"""Searches a home for what must not be in it: in every column of every table of it, and in the bytes of every file.

Belongs here: searching. Does not belong here: what is looked for.
"""

import re
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing
from pathlib import Path

import duckdb

from dagster_project import sql


def traces(home: Path, texts: Collection[str], besides: Collection[str] = ("demo",)) -> set[tuple[str, str]]:
    """Each text, whatever its case, with the files below the home that hold it; folders in `besides` are left out."""
    found = set()
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        if path.is_file() and not path.is_symlink() and name.split("/")[0] not in besides:
            found |= {(text, name) for text in _in_bytes(path, texts) | _in_tables(path, texts)}
    return found


def _in_bytes(path: Path, texts: Collection[str]) -> set[str]:
    content = path.read_bytes().lower()
    return {text for text in texts if text.lower().encode() in content}


def _in_tables(path: Path, texts: Collection[str]) -> set[str]:
    """Those that a reader of that kind of file sees, whose bytes may be compressed."""
    start = path.read_bytes()[:16]
    if start.startswith(b"SQLite format 3"):
        return _in_sqlite(path, texts)
    with duckdb.connect() as connection:
        return {
            text
            for relation in _relations(connection, path, start)
            for (row,) in connection.execute(_matching(connection, relation, texts)).fetchall()
            for text in texts
            if text.lower() in row
        }


def _relations(connection: duckdb.DuckDBPyConnection, path: Path, start: bytes) -> Iterator[str]:
    if start.startswith(b"PAR1"):
        yield f"read_parquet({sql.text(path)}, hive_partitioning = false)"
    if start[8:12] == b"DUCK":
        connection.execute(f"attach {sql.text(path)} as searched (read_only)")
        tables = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'searched'"
        ).fetchall()
        yield from (f"searched.{sql.name(schema)}.{sql.name(table)}" for schema, table in tables)


def _matching(connection: duckdb.DuckDBPyConnection, relation: str, texts: Collection[str]) -> str:
    """The rows that hold one of the texts, all columns as one text."""
    columns = [name for name, *_ in connection.execute(f"describe select * from {relation}").fetchall()]
    row = f"lower(concat_ws(' | ', {', '.join(f'cast({sql.name(name)} as varchar)' for name in columns)}))"
    pattern = sql.text("|".join(re.escape(text.lower()) for text in texts))
    return f"select {row} from {relation} where regexp_matches({row}, {pattern})"


def _in_sqlite(path: Path, texts: Collection[str]) -> set[str]:
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        tables = [name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")]
        rows = (str(row).lower() for table in tables for row in connection.execute(f'select * from "{table}"'))
        return {text for row in rows for text in texts if text.lower() in row}
