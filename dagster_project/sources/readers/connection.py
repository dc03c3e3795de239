"""The DuckDB connection that a reader reads by, and the folder for the copies that it needs.

Belongs here: what the connections of all readers have in common. Does not belong here: what is read by them.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

import duckdb

from dagster_project.attach import NO_DOWNLOADS
from dagster_project.home import Home
from dagster_project.warehouse import engine_settings


@contextmanager
def open_connection(home: Home) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
    """An empty DuckDB in memory, in UTC, that may use as much as the warehouse and spills into the home, and a folder
    there; both are gone at the end.

    What a killed process left is cleared as soon as nobody else reads: it can hold copies of the source's rows.
    """
    home.reading.mkdir(parents=True, exist_ok=True)
    with (home.reading / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            pass  # others are reading
        else:
            for left_by_a_crash in home.reading.glob("*/"):
                shutil.rmtree(left_by_a_crash)
        fcntl.flock(lock, fcntl.LOCK_SH)
        folder = Path(mkdtemp(dir=home.reading))
        config = {**NO_DOWNLOADS, **engine_settings(), "temp_directory": str(folder / "spilled")}
        try:
            with duckdb.connect(config=config) as connection:
                connection.execute("set TimeZone = 'UTC'")
                yield connection, folder
        finally:
            shutil.rmtree(folder)
