"""Landing: new, changed and deleted rows of a source table as one immutable Parquet file under raw/.

Rows that raw already holds in the same version do not land again, so a run without news writes nothing.
Knows readers and files only: neither Dagster nor what the columns mean.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from dagster_project import sql
from dagster_project.erasure.rows import TableErasure
from dagster_project.files import put_in_place
from dagster_project.sources.config import SourceError, Table, Tombstones
from dagster_project.sources.landed import Landed, SourceState, retyped, version
from dagster_project.sources.readers.reader import Reader, Since, cursor_age, reason_of

TIMES = {"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"}


@dataclass(frozen=True)
class Load:
    """The run that lands: its id, when it began (UTC, naive) and its as-of date."""

    id: str
    loaded_at: datetime
    as_of: date

    @property
    def name(self) -> str:
        """Of the files that it writes, without their ending."""
        return f"{self.loaded_at:%Y%m%dT%H%M%S%f}-{self.id[:8]}"


@dataclass(frozen=True)
class Landing:
    """What one landing did; counts are rows.

    columns           of the source, with their types
    rows              new, changed and deleted ones that landed now
    deleted           those of them that the source no longer has
    rejected          lines of the source's files that cannot be read, now and before
    retyped_columns   each with its type in raw and the one that it has now
    cursor            the newest one landed
    files             what was written
    """

    source_has_rows: bool
    columns: Mapping[str, str]
    rows_before: int
    rejected: int
    missing_columns: tuple[str, ...] = ()
    retyped_columns: tuple[str, ...] = ()
    new_columns: tuple[str, ...] = ()
    rows: int = 0
    deleted: int = 0
    cursor: str | None = None
    files: tuple[Path, ...] = ()


def land(
    reader: Reader,
    table: str,
    config: Table,
    raw: Path,
    rejects: Path,
    load: Load,
    erasure: TableErasure | None = None,
) -> Landing:
    """Write what the folder `raw` does not hold yet of a table as one Parquet file, and rejected lines as one CSV file
    in the folder `rejects`. Of the rows of erased people only what `erasure` leaves of them counts as the source's.

    A table that lacks a column that it had or that is needed, or has one of another kind than raw, lands nothing: the
    gate then names it. With a cursor only rows from the newest landed cursor on are read, less the look-back, ties
    and rows without a cursor included; all rows where a column is new or a comparison is due. Of several files only
    those are read that changed.

    Raises SourceError where the table cannot be read.
    """
    connection = reader.connection
    connection.execute("set TimeZone = 'UTC'")
    landed = Landed.read(connection, raw)
    state = SourceState.read(raw) if landed.files else SourceState()
    columns, files = reader.columns(table), reader.files(table)
    needed = {*landed.columns, *config.required, *config.key, *([config.cursor] if config.cursor else [])}
    needed |= {*(erasure.needed(columns) if erasure else ())}
    found = Landing(
        source_has_rows=reader.has_rows(table),
        columns=columns,
        rows_before=landed.rows,
        rejected=sum(state.rejected.values()),
        missing_columns=tuple(sorted(needed - {*columns})),
        retyped_columns=retyped(landed.columns, columns),
        new_columns=tuple(sorted({*columns} - {*landed.columns})) if landed.files else (),
    )
    is_known = landed.files and files and all(files.values()) and dict(files) == dict(state.files)
    if found.missing_columns or found.retyped_columns or is_known:
        return found

    is_whole = not landed.files or bool(found.new_columns) or _comparison_is_due(config, state, load)
    cursor_type = _cursor_type(table, config, columns)
    since = None if is_whole else _since(connection, config, cursor_type, landed, load)
    changed = [file for file, fingerprint in files.items() if not fingerprint or state.files.get(file) != fingerprint]
    # Rows come last, since what is rejected is told of the last reading.
    gone = []
    if landed.files and found.source_has_rows and (config.compare_every_days or config.tombstones):
        gone.append(_loaded(_gone(reader, table, config, landed, is_whole), load, is_deleted=True))
    if erasure and erasure.key:
        named = reader.rows(table, columns=erasure.needed(columns), since=since, files=changed)
        erasure.learn(named, columns)
    source_rows = reader.rows(table, since=since, files=changed)
    remaining = erasure.remaining(source_rows, columns) if erasure else source_rows
    unseen = _unseen(remaining, config, columns, landed, since)
    rows = [_loaded(unseen, load), *gone]

    raw.mkdir(parents=True, exist_ok=True)
    for left_by_a_crash in raw.glob("*.tmp"):
        left_by_a_crash.unlink()
    path = raw / f"{load.name}.parquet"
    unfinished = path.with_suffix(".tmp")
    try:
        connection.execute(f"""
            copy ({" union all by name ".join(rows)}) to {sql.text(unfinished)} (format parquet, compression zstd)
        """)
    except duckdb.Error as error:
        raise SourceError(f"The source table {table} cannot be read: {reason_of(error)}.") from None
    count, deleted = connection.execute(
        f"select count(*), count(*) filter (where _is_deleted) from read_parquet({sql.text(unfinished)})"
    ).fetchone()
    rejected = _write_rejects(connection, reader.rejects(table), rejects / f"{load.name}.csv")
    if count or not landed.files:
        put_in_place(unfinished, path)
    else:
        unfinished.unlink()
    state = SourceState(
        files=files,
        rejected={file: rejected.get(file, 0) if file in changed else state.rejected.get(file, 0) for file in files},
        compared_at=load.loaded_at if is_whole else state.compared_at,
    )
    state.write(raw)
    return replace(
        found,
        rows=count,
        deleted=deleted,
        rejected=sum(state.rejected.values()),
        cursor=_watermark(connection, config, cursor_type, Landed.read(connection, raw), load) if cursor_type else None,
        files=(path,) if count else (),
    )


def _comparison_is_due(config: Table, state: SourceState, load: Load) -> bool:
    if not config.cursor:
        return True
    if not config.compare_every_days:
        return False
    # Days and not hours: a daily run that begins a second earlier than the last is a day later all the same.
    return (
        state.compared_at is None
        or (load.loaded_at.date() - state.compared_at.date()).days >= config.compare_every_days
    )


def _cursor_type(table: str, config: Table, columns: Mapping[str, str]) -> str | None:
    """What the cursor is compared as; None where there is no cursor."""
    if not config.cursor:
        return None
    data_type = columns[config.cursor]
    cursor_type = "TIMESTAMP WITH TIME ZONE" if data_type == "VARCHAR" else data_type
    if config.look_back is not None and isinstance(config.look_back, timedelta) != (cursor_type in TIMES):
        raise SourceError(
            f"The table {table} looks back {config.look_back} from its cursor {config.cursor}, which is {data_type}: "
            "give a time, such as 2 hours, for a cursor that is a time, and a number for one that is a number."
        )
    return cursor_type


def _since(
    connection: duckdb.DuckDBPyConnection, config: Table, cursor_type: str, landed: Landed, load: Load
) -> Since | None:
    """From where on the source is read; None, from the beginning, where nothing with a cursor has landed."""
    watermark = _watermark(connection, config, cursor_type, landed, load, config.look_back)
    return Since(config.cursor, watermark, cursor_type) if watermark else None


def _watermark(
    connection: duckdb.DuckDBPyConnection,
    config: Table,
    cursor_type: str,
    landed: Landed,
    load: Load,
    look_back: timedelta | int | None = None,
) -> str | None:
    """The newest landed cursor less the look-back, as text. A time later than a day after the load is a mistake in the
    source: as watermark it would hide all news until then."""
    age = cursor_age(config.cursor, cursor_type)
    tomorrow = sql.text(load.loaded_at + timedelta(days=1))
    believable = f"where {age} <= cast({tomorrow} as {cursor_type})" if cursor_type in TIMES else ""
    back = f"to_seconds({look_back.total_seconds():.0f})" if isinstance(look_back, timedelta) else str(look_back or 0)
    newest = f"max({age}) - {back}" if look_back else f"max({age})"
    return connection.execute(
        f"select cast(cast({newest} as {cursor_type}) as varchar) from {landed.relation} {believable}"
    ).fetchone()[0]


def _unseen(rows: str, config: Table, columns: Mapping[str, str], landed: Landed, since: Since | None) -> str:
    """Those of the source's rows that raw does not hold as the newest version of their key."""
    if not landed.files:
        return f"select * from {rows}"
    current = landed.current(config.key, since.condition if since else "true")
    return f"""
        select * from {rows} as source_row
        anti join (select * from {current} where not _is_deleted) as landed_row
            on {version("landed_row", columns, landed.columns)} = {version("source_row", columns, columns)}"""


def _gone(reader: Reader, table: str, config: Table, landed: Landed, is_whole: bool) -> str:
    """The newest landed versions of rows that the source no longer has, by its tombstones or by comparison."""
    signs = []
    if config.compare_every_days and is_whole:
        same_key = " and ".join(f"there.{name} is not distinct from gone.{name}" for name in map(sql.name, config.key))
        signs.append(f"anti join {reader.rows(table, columns=config.key)} as there on {same_key}")
    if config.tombstones:
        signs.append(f"semi join {_tombstones(reader, config, config.tombstones)}")
    columns = ", ".join(f"gone.{sql.name(name)}" for name in landed.columns)
    there = f"(select * from {landed.current(config.key)} where not _is_deleted) as gone"
    return " union ".join(f"select {columns} from {there} {sign}" for sign in signs or ["where false"])


def _tombstones(reader: Reader, config: Table, tombstones: Tombstones) -> str:
    """The tombstones, and when one is of a row: one that was written again after its deletion is there again."""
    columns = (tombstones.column, tombstones.deleted_at, *tombstones.where)
    conditions = [
        f"cast(tombstone.{sql.name(tombstones.column)} as varchar) = cast(gone.{sql.name(config.key[0])} as varchar)",
        f"try_cast(tombstone.{sql.name(tombstones.deleted_at)} as timestamptz)"
        f" >= try_cast(gone.{sql.name(config.cursor)} as timestamptz)",
        *(f"cast(tombstone.{sql.name(name)} as varchar) = {sql.text(text)}" for name, text in tombstones.where.items()),
    ]
    rows = reader.rows(tombstones.table, columns=columns)
    return f"{rows} as tombstone on {' and '.join(conditions)}"


def _loaded(rows: str, load: Load, is_deleted: bool = False) -> str:
    return f"""
        select
            *,
            timestamp '{load.loaded_at:%Y-%m-%d %H:%M:%S.%f}' as _loaded_at,
            {sql.text(load.id)} as _load_id,
            date '{load.as_of.isoformat()}' as _as_of,
            {is_deleted} as _is_deleted
        from ({rows})"""


def _write_rejects(connection: duckdb.DuckDBPyConnection, rejects: str | None, path: Path) -> Mapping[str, int]:
    """Write rejected lines, where there are any, and count them by file."""
    if rejects is None:
        return {}
    counts = dict(connection.execute(f"select file, count(*) from {rejects} group by file").fetchall())
    if counts:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".tmp")
        connection.execute(f"copy (select * from {rejects} order by file, line) to {sql.text(unfinished)} (header)")
        put_in_place(unfinished, path)
    return counts
