"""What the readers of files share: a file of a table, what it holds, and what of it cannot be read.

Belongs here: what every format offers to the reader of files. Does not belong here: any format, any place.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import duckdb

from dagster_project import sql
from dagster_project.sources.config import SourceError


@dataclass(frozen=True)
class SourceFile:
    """One file of a table.

    name         what messages and rejects call it: its path below the system's, or its address without a query
    path         what DuckDB opens
    compression  uncompressed, gzip or zstd
    """

    system: str
    table: str
    name: str
    path: str
    compression: str = "uncompressed"

    def error(self, problem: str) -> SourceError:
        """An error that says where: `problem` goes on after the file's name."""
        return SourceError(f"The file {self.name}, the table {self.table} of the system {self.system}, {problem}.")


@dataclass(frozen=True)
class Workplace:
    """What a format may use: a connection for queries of its own, and paths of copies, gone when the reader closes."""

    connection: duckdb.DuckDBPyConnection
    copy: Callable[[str], Path]


@dataclass(frozen=True)
class Reject:
    """A line (from 1) that is left out, and why, without its values."""

    line: int
    reason: str


@dataclass(frozen=True)
class Scan:
    """How DuckDB reads a file that is found fit to be read: the file's path stands, in a list, between two parts.

    Files whose parts are equal can be read in one list.
    """

    before: str
    path: str
    after: str
    rejects: Sequence[Reject] = ()

    def relation(self) -> str:
        """To stand after FROM; its rows are in the file's order."""
        return relation_of([self])


class Content(Protocol):
    """What one file of a table holds."""

    @property
    def columns(self) -> Mapping[str, str]:
        """Names and DuckDB types as the file has them; none where it is empty."""
        ...

    @property
    def types(self) -> Mapping[str, str]:
        """Types that are not the file's but known to fit all its values, where it has no types of its own."""
        ...

    def has_rows(self) -> bool:
        """Whether any row can be read."""
        ...

    @property
    def scan(self) -> Scan:
        """The file's readable rows, after the whole file was looked at."""
        ...

    def lines(self, numbers: Sequence[int]) -> Mapping[int, int]:
        """Where rows of the scan, given by their numbers from 1, stand in the file: its lines from 1."""
        ...


def relation_of(scans: Sequence[Scan]) -> str:
    """The rows of files whose scans differ in nothing but the path."""
    paths = ", ".join(sql.text(literal(scan.path)) for scan in scans)
    return f"{scans[0].before}[{paths}]{scans[0].after}"


def literal(path: str) -> str:
    """A path in which DuckDB finds no pattern; addresses on the web cannot hold one."""
    if path.startswith(("https://", "http://")):
        return path
    return "".join(f"[{character}]" if character in "*?[" else character for character in path)


def column_names(header: Iterable[str]) -> tuple[str, ...]:
    """A name for each column, none twice: DuckDB's names are the same in upper and lower case."""
    names: dict[str, str] = {}
    for position, field in enumerate(header):
        base = field.strip() or f"column{position}"
        name, repetition = base, 0
        while name.lower() in names:
            repetition += 1
            name = f"{base}_{repetition}"
        names[name.lower()] = name
    return tuple(names.values())
