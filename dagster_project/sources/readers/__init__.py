"""Readers: open, read-only views of source systems; one module a way of reading. Nothing here lands anything."""

from collections.abc import Iterator
from contextlib import contextmanager

from dagster_project.home import Home
from dagster_project.sources.config import SqlSystem, System
from dagster_project.sources.readers.reader import Reader as Reader


@contextmanager
def open_system(system: System, home: Home) -> Iterator[Reader]:
    """The reader of a system, open until the block ends. What it reads is one snapshot where the system offers one.

    Raises SourceError where the system is not there or cannot be opened.
    """
    if isinstance(system, SqlSystem):
        from dagster_project.sources.readers.database import open_database

        with open_database(system, home) as reader:
            yield reader
    else:
        from dagster_project.sources.readers.files import open_files

        with open_files(system, home) as reader:
            yield reader
