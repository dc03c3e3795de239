"""Parquet files that are replaced as a whole, in one step, and what is kept in them beside their rows.

What is in them belongs to whoever writes them; what lands from a source is written in sources/landing.py.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.files import put_in_place
from dagster_project.ledger import UNCHANGED

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def write_parquet(
    connection: "DuckDBPyConnection", query: str, path: Path, metadata: Mapping[str, str] | None = None
) -> int:
    """Replace the file by the rows of a query in one step; returns how many there are.

    The metadata are kept in the file, where read_metadata finds them.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".tmp")
    pairs = ", ".join(f"{sql.name(key)}: {sql.text(value)}" for key, value in (metadata or {}).items())
    options = f", kv_metadata {{{pairs}}}" if pairs else ""
    rows = connection.execute(
        f"copy ({query}) to {sql.text(unfinished)} (format parquet, compression zstd{options})"
    ).fetchone()[0]
    put_in_place(unfinished, path)
    return rows


def standing_file(path: Path) -> Mapping[str, bool | int]:
    """What Dagster is told of a file that stands as it is: that, and its rows."""
    import duckdb

    # One database in memory serves all files of a process: to open one takes as long as to count twenty.
    rows = duckdb.execute("select count(*) from read_parquet(?)", [str(path)]).fetchone()[0]
    return {**UNCHANGED, "dagster/row_count": rows}


def read_metadata(connection: "DuckDBPyConnection", path: Path) -> Mapping[str, str]:
    """What was written into a file beside its rows."""
    pairs = connection.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(path)])
    return dict(pairs.fetchall())
