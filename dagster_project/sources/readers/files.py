"""Reads the tables of a system of files: several files a table, declared types, rejects.

Belongs here: what holds for files of every format. Each format has a module beside this one, and so have the places
that files lie at.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count, groupby
from pathlib import Path, PurePath

import duckdb

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem, SourceError, Table
from dagster_project.sources.readers.connection import open_connection
from dagster_project.sources.readers.content import Content, Reject, SourceFile, Workplace, relation_of
from dagster_project.sources.readers.declared_types import misfits, typed
from dagster_project.sources.readers.delimited import DelimitedContent
from dagster_project.sources.readers.json_lines import JsonLinesContent
from dagster_project.sources.readers.parquet import ParquetContent
from dagster_project.sources.readers.places import LocalPlace, ObjectStore, Place
from dagster_project.sources.readers.reader import Since
from dagster_project.sources.readers.workbook import WorkbookContent

TEXTS = {
    **dict.fromkeys((".csv", ".tsv", ".txt"), DelimitedContent),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), JsonLinesContent),
}
FORMATS = {**TEXTS, ".parquet": ParquetContent, ".xlsx": WorkbookContent}
COMPRESSIONS = {".gz": "gzip", ".zst": "zstd"}


@contextmanager
def open_files(system: FilesSystem, home: Home) -> Iterator["FilesReader"]:
    """The reader of a system of files. Copies that it needs lie in the home, and are gone when it closes.

    Raises SourceError where the system is not there.
    """
    location = system.location(home)
    with open_connection(home) as (connection, copies):
        if "://" in location:
            place = ObjectStore.connect(system.name, location, connection)
        else:
            place = LocalPlace(Path(location))
        yield FilesReader(system, place, connection, copies)


class FilesReader:
    """Reads tables of one or several files each; columns that some files lack are NULL there."""

    def __init__(self, system: FilesSystem, place: Place, connection: duckdb.DuckDBPyConnection, copies: Path) -> None:
        self.connection = connection
        self._system = system
        self._place = place
        numbers = count(1)
        self._workplace = Workplace(connection, lambda ending: copies / f"{next(numbers)}{ending}")
        self._tables: dict[str, _TableOfFiles] = {}
        self._rejects: dict[str, Sequence[tuple[str, Reject]]] = {}

    def columns(self, table: str) -> Mapping[str, str]:
        return self._table(table).columns

    def has_rows(self, table: str) -> bool:
        return any(part.content.has_rows() for part in self._table(table).parts)

    def files(self, table: str) -> Mapping[str, str]:
        found = self._table(table).paths
        return dict(zip(found, self._place.fingerprints(list(found.values())), strict=True))

    def rows(
        self,
        table: str,
        *,
        columns: Collection[str] = (),
        since: Since | None = None,
        files: Collection[str] = (),
    ) -> str:
        opened = self._table(table)
        parts = [part for part in opened.parts if not files or part.file.name in files]
        self._rejects[table] = [(part.file.name, reject) for part in parts for reject in part.rejects]
        names = ", ".join(map(sql.name, columns)) or "*"
        condition = since.condition if since else "true"
        return f"(select {names} from ({opened.relation(parts)}) where {condition})"

    def rejects(self, table: str) -> str:
        from pyarrow import int64, schema, string
        from pyarrow import table as arrow_table

        rejects = self._rejects.get(table, ())
        name = f"rejects of {table}"
        columns = {
            "file": [file for file, _ in rejects],
            "line": [reject.line for _, reject in rejects],
            "reason": [reject.reason for _, reject in rejects],
        }
        types = schema([("file", string()), ("line", int64()), ("reason", string())])
        self.connection.register(name, arrow_table(columns, types))
        return sql.name(name)

    def _table(self, table: str) -> "_TableOfFiles":
        if table not in self._tables:
            self._tables[table] = _TableOfFiles(
                self._system.name, table, self._system.tables[table], self._place, self._workplace
            )
        return self._tables[table]


@dataclass(frozen=True)
class _TableOfFiles:
    """A table, all of its files."""

    system: str
    name: str
    config: Table
    place: Place
    workplace: Workplace

    @cached_property
    def paths(self) -> Mapping[str, str]:
        """Paths of the files by name."""
        found = self.place.find(self.config.file, lambda name: _format(name)[0] in FORMATS)
        if not found:
            wanted = self.config.file or f"any file that ends in {', '.join(FORMATS)}"
            raise SourceError(f"The table {self.name} of the system {self.system} is {wanted}, which is not there.")
        return found

    @cached_property
    def parts(self) -> Sequence["_Part"]:
        return [self._part(name, path) for name, path in self.paths.items()]

    def _part(self, name: str, path: str) -> "_Part":
        ending, compression = _format(name)
        content = FORMATS.get(ending)
        if content is not ParquetContent:
            path = self.place.bring(path, self.workplace.copy)
        file = SourceFile(self.system, self.name, name, path, compression)
        if content is None:
            raise file.error(f"has an unknown ending: files end in {', '.join(FORMATS)}, texts also in .gz or .zst")
        return _Part(file, content(file, self.config, self.workplace), self.declared, self.workplace.connection)

    @cached_property
    def declared(self) -> Mapping[str, str]:
        """The types that the table declares, as DuckDB calls them."""
        return {name: self._known_type(name, data_type) for name, data_type in self.config.columns.items()}

    def _known_type(self, column: str, data_type: str) -> str:
        try:
            return self._describe(f"select cast(null as {data_type}) as found")["found"]
        except duckdb.Error:
            raise SourceError(
                f"The table {self.name} of the system {self.system} declares its column {column} as {data_type}, "
                "which is no type of DuckDB."
            ) from None

    @cached_property
    def columns(self) -> Mapping[str, str]:
        """Names and types over all files; those that are declared where all files are empty."""
        kinds = list(dict.fromkeys(tuple(part.types.items()) for part in self.parts if part.types))
        if not kinds and not self.declared:
            raise SourceError(
                f"The table {self.name} of the system {self.system} has no columns: its files are empty, "
                "and none are declared."
            )
        found = self._describe(" union all by name ".join(map(_no_rows, map(dict, kinds or [self.declared.items()]))))
        if missing := [name for name in self.declared if name not in found]:
            raise SourceError(
                f"The table {self.name} of the system {self.system} declares the column {missing[0]}, "
                "which none of its files has."
            )
        return found

    def relation(self, parts: Sequence["_Part"]) -> str:
        """A query of the rows of some of the files."""
        readable = sorted((part for part in parts if part.types), key=lambda part: part.way_to_read)
        same = [list(group) for _, group in groupby(readable, lambda part: part.way_to_read)]
        rows = [typed(relation_of([part.content.scan for part in group]), group[0].casts) for group in same]
        return " union all by name ".join([_no_rows(self.columns), *(f"select * from {relation}" for relation in rows)])

    def _describe(self, query: str) -> Mapping[str, str]:
        found = self.workplace.connection.cursor().execute(f"describe {query}").fetchall()
        return {row[0]: row[1] for row in found}


@dataclass(frozen=True)
class _Part:
    """A file of a table with the types that the table declares."""

    file: SourceFile
    content: Content
    declared: Mapping[str, str]
    connection: duckdb.DuckDBPyConnection

    @cached_property
    def types(self) -> Mapping[str, str]:
        """Names of its columns, and what they are read as."""
        wanted = {**self.content.types, **self.declared}
        return {name: wanted.get(name, data_type) for name, data_type in self.content.columns.items()}

    @property
    def casts(self) -> Mapping[str, str]:
        """Types of the columns that the file has as another type."""
        return {name: data_type for name, data_type in self.types.items() if data_type != self.content.columns[name]}

    @property
    def way_to_read(self) -> tuple:
        """Files where it is the same are read in one go."""
        scan, columns = self.content.scan, self.content.columns
        return scan.before, scan.after, tuple(columns.items()), tuple(self.casts.items())

    @cached_property
    def rejects(self) -> Sequence[Reject]:
        """What of the file is left out, in the order of its lines."""
        return sorted([*self.content.scan.rejects, *self._misfits()], key=lambda reject: reject.line)

    def _misfits(self) -> Iterator[Reject]:
        casts = {name: data_type for name, data_type in self.casts.items() if name in self.declared}
        if not casts:
            return
        found = dict(self.connection.cursor().execute(misfits(self.content.scan.relation(), casts)).fetchall())
        lines = self.content.lines(list(found)) if found else {}
        for number, reason in found.items():
            yield Reject(lines[number], reason)


def _format(name: str) -> tuple[str, str]:
    """The ending that tells the format of a file, and its compression; only texts are compressed as a whole."""
    path = PurePath(name.lower())
    if path.suffix in COMPRESSIONS and PurePath(path.stem).suffix in TEXTS:
        return PurePath(path.stem).suffix, COMPRESSIONS[path.suffix]
    return path.suffix, "uncompressed"


def _no_rows(columns: Mapping[str, str]) -> str:
    """A query of no rows with these columns."""
    casts = ", ".join(f"cast(null as {data_type}) as {sql.name(name)}" for name, data_type in columns.items())
    return f"select {casts} where false"
