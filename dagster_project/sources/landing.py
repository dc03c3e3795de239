"""Landing: new rows of a source table as one immutable Parquet file under raw/, with load metadata.

Rows that raw already holds in the same version do not land again, so a run without news writes nothing.
Knows relations and files only: neither Dagster nor what the columns mean.
"""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

from dagster_project import sql

READ_OPTIONS = "union_by_name = true, hive_partitioning = false"  # a folder called a=b is no column
LOAD_COLUMNS = ("_loaded_at", "_load_id", "_as_of")


@dataclass(frozen=True)
class Load:
    """The run that lands: its id, when it began (UTC, naive) and its as-of date."""

    id: str
    loaded_at: datetime
    as_of: date

    @property
    def file_name(self) -> str:
        return f"{self.loaded_at:%Y%m%dT%H%M%S%f}-{self.id[:8]}.parquet"


@dataclass(frozen=True)
class Landing:
    """What one landing did; counts are rows, `bytes` the size of the file written."""

    rows: int
    rows_before: int
    source_has_rows: bool
    columns: tuple[str, ...]
    missing_columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()
    cursor: str | None = None
    bytes: int = 0
    files: tuple[Path, ...] = field(default=())


def land(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    folder: Path,
    load: Load,
    *,
    cursor: str | None = None,
    required: tuple[str, ...] = (),
    fingerprint: str | None = None,
) -> Landing:
    """Write the rows of `relation` that raw does not hold yet as one Parquet file in `folder`.

    A table that lacks a required column, its cursor, or a column that raw has, lands nothing: the gate then names
    the column. With a cursor only rows at or after the newest landed cursor are read (ties are kept), and those
    without one. A `fingerprint` of the source that equals the newest landed one means that nothing changed, and the
    source is not read.
    """
    connection.execute("set TimeZone = 'UTC'")
    landed = _Landed.read(connection, folder)
    columns = _columns(connection, relation)
    missing = tuple(sorted({*landed.columns, *required, *([cursor] if cursor else [])} - {*columns}))
    facts = {
        "rows_before": landed.rows,
        "columns": tuple(columns),
        "missing_columns": missing,
        "new_columns": tuple(sorted({*columns} - {*landed.columns})) if landed.files else (),
    }
    has_rows = bool(connection.execute(f"select exists (select 1 from {relation})").fetchone()[0])
    if missing or (fingerprint and fingerprint == landed.fingerprint):
        return Landing(rows=0, source_has_rows=has_rows, **facts)

    age = _age(cursor, columns[cursor]) if cursor else None
    since = _since(age, landed.newest(connection, age))
    path = folder / load.file_name
    rows = _copy_new_rows(connection, relation, landed, path, load, since, fingerprint)
    if rows or not landed.files:
        _put_in_place(path)
    else:
        _unfinished(path).unlink()
    return Landing(
        rows=rows,
        source_has_rows=has_rows,
        cursor=_Landed.read(connection, folder).newest(connection, age),
        bytes=path.stat().st_size if rows else 0,
        files=(path,) if rows else (),
        **facts,
    )


@dataclass(frozen=True)
class _Landed:
    """What raw holds of a table."""

    relation: str
    files: tuple[Path, ...]
    columns: tuple[str, ...]
    rows: int
    fingerprint: str | None

    @classmethod
    def read(cls, connection: duckdb.DuckDBPyConnection, folder: Path) -> "_Landed":
        files = tuple(sorted(folder.glob("*.parquet")))
        if not files:
            return cls("", (), (), 0, None)
        relation = f"read_parquet([{', '.join(map(sql.text, files))}], {READ_OPTIONS})"
        columns = tuple(name for name in _columns(connection, relation) if name not in LOAD_COLUMNS)
        rows = connection.execute(f"select count(*) from {relation}").fetchone()[0]
        newest = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'fingerprint'",
            [str(files[-1])],
        ).fetchone()
        return cls(relation, files, columns, rows, newest[0] if newest else None)

    def newest(self, connection: duckdb.DuckDBPyConnection, age: str | None) -> str | None:
        """The greatest value of an expression over what is landed, as text."""
        if not age or not self.files:
            return None
        return connection.execute(f"select cast(max({age}) as varchar) from {self.relation}").fetchone()[0]


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> Mapping[str, str]:
    """Names and types."""
    return {row[0]: row[1] for row in connection.execute(f"describe select * from {relation}").fetchall()}


def _age(cursor: str, data_type: str) -> str:
    """The cursor as what grows with every change. Text is read as time, since the text '…:00.5Z' sorts before '…:00Z';
    text that is no time gives NULL, so that such a table is read whole."""
    return f"try_cast({sql.name(cursor)} as {'timestamptz' if data_type == 'VARCHAR' else data_type})"


def _since(age: str | None, watermark: str | None) -> str:
    return f"where ({age} >= {sql.text(watermark)} or {age} is null)" if watermark else ""


def _copy_new_rows(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    landed: _Landed,
    path: Path,
    load: Load,
    since: str,
    fingerprint: str | None,
) -> int:
    unseen = ""
    if landed.files and {*_columns(connection, relation)} == {*landed.columns}:
        version = _version(landed.columns)
        unseen = f"""
            where {version} not in (select {version} from (select * from {landed.relation} {since}))"""
    path.parent.mkdir(parents=True, exist_ok=True)
    for left_by_a_crash in path.parent.glob("*.tmp"):
        left_by_a_crash.unlink()
    written = connection.execute(f"""
        copy (
            select
                *,
                timestamp '{load.loaded_at:%Y-%m-%d %H:%M:%S.%f}' as _loaded_at,
                {sql.text(load.id)} as _load_id,
                date '{load.as_of.isoformat()}' as _as_of
            from (select * from {relation} {since}) {unseen}
        ) to {sql.text(_unfinished(path))} (
            format parquet, compression zstd, kv_metadata {{fingerprint: {sql.text(fingerprint or "")}}}
        )
    """)
    return written.fetchone()[0]


def _version(columns: Iterable[str]) -> str:
    """One value per version of a row, whatever its values hold."""
    return f"md5(cast(row({', '.join(map(sql.name, columns))}) as varchar))"


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")


def _put_in_place(path: Path) -> None:
    """Give a finished file its name in one step, after its bytes are on disk."""
    with _unfinished(path).open("rb") as file:
        os.fsync(file.fileno())
    os.replace(_unfinished(path), path)
