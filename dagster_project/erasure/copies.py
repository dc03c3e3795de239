"""Removing erased people from snapshots, experiments, the files between stages, and the warehouse itself.

Does not belong here: raw (raw.py), publications (publish/), and what stages write when they run again.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.parquet import read_metadata, write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def remove_customers(connection: "DuckDBPyConnection", home: Home, customer_keys: Sequence[str]) -> int:
    """Take the customers out of every snapshot and every assignment to an experiment; returns how many rows."""
    connection.execute("create or replace temp table erased_customer (customer_key varchar)")
    connection.execute("insert into erased_customer select unnest(?)", [list(customer_keys)])
    folders = (home.snapshots, home.experiments)
    for left_by_a_crash in [path for folder in folders for path in folder.glob("*.tmp")]:
        left_by_a_crash.unlink()
    return sum(_without_customers(connection, path) for folder in folders for path in sorted(folder.glob("*.parquet")))


def _without_customers(connection: "DuckDBPyConnection", path: Path) -> int:
    rows = f"read_parquet({sql.text(path)}, file_row_number = true, hive_partitioning = false)"
    is_erased = "customer_key in (select customer_key from erased_customer)"
    found = connection.execute(f"select count(*) from {rows} where {is_erased}").fetchone()[0]
    if found:
        remaining = f"select * exclude (file_row_number) from {rows} where not {is_erased} order by file_row_number"
        write_parquet(connection, remaining, path, read_metadata(connection, path))
    return found


def remove_warehouse(home: Home) -> None:
    """Remove the warehouse and the files of exchange that hold what people are known by.

    Rows that were deleted from a DuckDB file can still be read in its bytes, so a new file is made.
    """
    for name in ("phone.parquet", "identity_component.parquet"):
        (home.exchange / name).unlink(missing_ok=True)
    home.warehouse.unlink()
    home.warehouse.with_name(home.warehouse.name + ".wal").unlink(missing_ok=True)
