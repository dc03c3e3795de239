"""Snapshots: the wide customer table of each date as a Parquet file, and which of them are kept.

What history makes of them stands in dbt/models/insights/.
"""

from datetime import date
from pathlib import Path

from dagster_project.automation import is_month_end
from dagster_project.home import Home
from dagster_project.parquet import write_parquet
from dagster_project.warehouse import check_as_of, open_warehouse


def write_snapshot(home: Home, as_of: date) -> tuple[Path, int]:
    """Write the wide table of the date, one row per customer; returns its path and its rows."""
    path = home.snapshot(as_of)
    with open_warehouse(home.warehouse) as connection:
        check_as_of(connection, as_of, {"customer_segments": "segments"})
        rows = write_parquet(connection, "select * from segments.customer_segments order by customer_key", path)
    return path, rows


def drop_old_snapshots(home: Home, kept: int) -> list[date]:
    """Delete all but the `kept` newest snapshots and those of a month's last day; returns the dates deleted."""
    files = home.snapshots.glob("as_of_date=*.parquet")
    dates = sorted(date.fromisoformat(file.stem.partition("=")[2]) for file in files)
    dropped = [day for day in dates[:-kept] if not is_month_end(day)]
    for day in dropped:
        home.snapshot(day).unlink()
    return dropped
