"""Landing: new rows of a source table as one immutable Parquet file under raw/, with load metadata.

Rows that raw already holds in the same version do not land again, so a run without news writes nothing.
Knows relations and files only: neither Dagster nor what the columns mean.
"""

import os
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

import duckdb

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

    A table that lacks a required column, or one that raw has, lands nothing: the gate then names the column.
    With a cursor only rows at or after the newest landed cursor are read (ties are kept). A `fingerprint` of the
    source that equals the newest landed one means that nothing changed, and the source is not read.
    """
    landed = _Landed.read(connection, folder)
    columns = _columns(connection, relation)
    missing = tuple(sorted(({*landed.columns} | {*required}) - {*columns}))
    facts = {
        "rows_before": landed.rows,
        "columns": columns,
        "missing_columns": missing,
        "new_columns": tuple(sorted({*columns} - {*landed.columns})) if landed.files else (),
    }
    has_rows = bool(connection.execute(f"select exists (select 1 from {relation})").fetchone()[0])
    if missing or (fingerprint and fingerprint == landed.fingerprint):
        return Landing(rows=0, source_has_rows=has_rows, **facts)

    watermark = landed.watermark(connection, cursor) if cursor else None
    path = folder / load.file_name
    rows = _copy_new_rows(connection, relation, landed, path, load, cursor, watermark, fingerprint)
    if rows or not landed.files:
        _put_in_place(path)
    else:
        _unfinished(path).unlink()
    return Landing(
        rows=rows,
        source_has_rows=has_rows,
        cursor=_Landed.read(connection, folder).watermark(connection, cursor) if cursor else None,
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
        relation = f"read_parquet('{folder}/*.parquet', union_by_name = true)"
        if not files:
            return cls(relation, (), (), 0, None)
        columns = tuple(name for name in _columns(connection, relation) if name not in LOAD_COLUMNS)
        rows = connection.execute(f"select count(*) from {relation}").fetchone()[0]
        newest = connection.execute(
            "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'fingerprint'",
            [str(files[-1])],
        ).fetchone()
        return cls(relation, files, columns, rows, newest[0] if newest else None)

    def watermark(self, connection: duckdb.DuckDBPyConnection, cursor: str) -> str | None:
        if not self.files:
            return None
        newest = connection.execute(f'select cast(max("{cursor}") as varchar) from {self.relation}').fetchone()
        return newest[0]


def _columns(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[str, ...]:
    return tuple(row[0] for row in connection.execute(f"describe select * from {relation}").fetchall())


def _copy_new_rows(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    landed: _Landed,
    path: Path,
    load: Load,
    cursor: str | None,
    watermark: str | None,
    fingerprint: str | None,
) -> int:
    since = f"where \"{cursor}\" >= '{watermark}'" if watermark else ""
    unseen = ""
    if landed.files and {*_columns(connection, relation)} == {*landed.columns}:
        names = ", ".join(f'"{name}"' for name in landed.columns)
        version = f"md5(cast(row({names}) as varchar))"
        unseen = f"""
            where {version} not in (select {version} from (select * from {landed.relation} {since}))"""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = connection.execute(f"""
        copy (
            select
                *,
                timestamp '{load.loaded_at:%Y-%m-%d %H:%M:%S.%f}' as _loaded_at,
                '{load.id}' as _load_id,
                date '{load.as_of.isoformat()}' as _as_of
            from (select * from {relation} {since}) {unseen}
        ) to '{_unfinished(path)}' (
            format parquet, compression zstd, kv_metadata {{fingerprint: '{fingerprint or ""}'}}
        )
    """)
    return written.fetchone()[0]


def _unfinished(path: Path) -> Path:
    return path.with_name(path.name + ".tmp")


def _put_in_place(path: Path) -> None:
    """Give a finished file its name in one step, after its bytes are on disk."""
    with _unfinished(path).open("rb") as file:
        os.fsync(file.fileno())
    os.replace(_unfinished(path), path)
