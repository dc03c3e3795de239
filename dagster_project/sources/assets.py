"""Extract: one asset a source table, one step a system, which lands it under raw/. Knows no dbt and no expectations."""

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    Failure,
    MaterializeResult,
    TableColumn,
    TableSchema,
    asset,
    multi_asset,
)

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.owners import DATA_ENGINEERING
from dagster_project.pace import Pace
from dagster_project.sources.config import Source, SourceError, System

if TYPE_CHECKING:
    from dagster_project.erasure.rows import TableErasure
    from dagster_project.sources.landing import Load
    from dagster_project.sources.readers import Reader

SIMULATION = AssetKey(["demo", "simulation"])


def raw_key(system: str, table: str) -> AssetKey:
    """The asset key of a source table."""
    return AssetKey(["raw", system, table])


def build_raw_assets(source: Source, home: Home) -> Sequence[AssetsDefinition]:
    """One asset for every table, one step for every system of the source; for the demo also the simulation."""
    assets = [_system_assets(source, system, home) for system in source.systems]
    return [_simulation_asset(source, home), *assets] if source.simulation else assets


def default_as_of(source: Source, home: Home, now: datetime) -> date:
    """The last business day with an order, read from the source before anything is extracted.

    Orders that the contract would call in the future (later than a day from now) do not count.

    Raises SourceError where the source cannot be read or holds no order.
    """
    from dagster_project.sources.readers import open_system

    if source.simulation:
        _simulate(source, home, source.simulation.end)
    last = source.last_order
    with open_system(source.system(last.system), home) as reader:
        if last.column not in reader.columns(last.table):
            raise SourceError(
                f"The table {last.table} of the system {last.system} has no column {last.column}, "
                "which last_order names."
            )
        reader.connection.execute(f"set TimeZone = {sql.text(last.time_zone)}")  # what a time without a zone is in
        newest, rows, times = reader.connection.execute(
            f"""
            select
                cast(timezone({sql.text(source.time_zone)}, max(ordered_at) filter (where ordered_at <= ?)) as date),
                count(*),
                count(ordered_at)
            from (
                select {last.instant} as ordered_at
                from {reader.rows(last.table, columns=[last.column])}
                where {sql.name(last.column)} is not null
            )
            """,
            [now + timedelta(days=1)],
        ).fetchone()
    if rows and not times:
        raise SourceError(
            f"No {last.column} of the table {last.table} of the system {last.system} can be read as a time: "
            "give their formats in last_order, such as formats: ['%d.%m.%Y %H:%M']."
        )
    if newest is None:
        raise SourceError(f"The table {last.table} of the system {last.system} holds no order.")
    return newest


def _simulation_asset(source: Source, home: Home) -> AssetsDefinition:
    @asset(key=SIMULATION, group_name="raw", kinds={"sqlite"}, owners=DATA_ENGINEERING)
    def simulation(context: AssetExecutionContext) -> None:
        """The simulated shop and CRM as they stand at the end of the as-of date; never moved back."""
        _simulate(source, home, _as_of(context, source, home))

    return simulation


def _simulate(source: Source, home: Home, until: date) -> None:
    from dagster_project.demo.simulate import simulate

    simulate(home.demo, source.simulation, until, source.time_zone)


def _system_assets(source: Source, system: System, home: Home) -> AssetsDefinition:
    """All tables of a system in one step: they are read from one snapshot, on one connection."""
    keys = {raw_key(system.name, table): table for table in system.tables}

    @multi_asset(
        name=f"extract_{system.name}",
        specs=[
            AssetSpec(
                key,
                deps=[SIMULATION] if source.simulation else [],
                group_name="raw",
                kinds={"parquet"},
                owners=DATA_ENGINEERING,
                description=f"The table {table} of the system {system.name} as the source said it: "
                "every version ever landed.",
            )
            for key, table in keys.items()
        ],
        can_subset=True,
    )
    def extract(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
        from dagster_project.erasure.erased import Erased
        from dagster_project.erasure.rows import TableErasure
        from dagster_project.sources.readers import open_system

        load = _load(context, source, home)
        tables = [table for key, table in keys.items() if key in context.selected_asset_keys]
        failures = []
        while tables:
            # What a table's failure leaves of the transaction is of no use to the next.
            with open_system(system, home) as reader:
                erased = Erased.on(reader.connection, home)
                while tables:
                    table = tables.pop(0)
                    erasure = TableErasure.of(erased, source, system, table) if erased else None
                    try:
                        yield _land(context, reader, system, table, home, load, erasure)
                    except SourceError as error:
                        failures.append(str(error))
                        break
        if failures:
            raise Failure(" ".join(failures), allow_retries=False)

    return extract


def _land(
    context: AssetExecutionContext,
    reader: "Reader",
    system: System,
    table: str,
    home: Home,
    load: "Load",
    erasure: "TableErasure | None",
) -> MaterializeResult:
    from dagster_project.sources.landing import land

    folder = home.raw(system.name, table)
    name = "/".join(raw_key(system.name, table).path)
    started = time.monotonic()
    # DuckDB does not say how many rows a file that it is still writing has.
    with Pace(context.log.info, name, "MB", measure=lambda: _unfinished_bytes(folder) // 1_000_000):
        landing = land(reader, table, system.tables[table], folder, home.rejects(system.name, table), load, erasure)
    if landing.new_columns:
        context.log.warning(f"{system.name}/{table} has new columns: {', '.join(landing.new_columns)}")
    # Without news the gate looks at the newest landing again, so that what failed once does not pass by repeating.
    newest = landing.files or sorted(folder.glob("*.parquet"))[-1:]
    return MaterializeResult(
        asset_key=raw_key(system.name, table),
        metadata={
            "dagster/row_count": landing.rows_before + landing.rows,
            "dagster/column_schema": TableSchema(
                [TableColumn(name, type=data_type) for name, data_type in landing.columns.items()]
            ),
            "rows": landing.rows,
            "seconds": round(time.monotonic() - started, 3),
            "rows_before": landing.rows_before,
            "deleted": landing.deleted,
            "rejected": landing.rejected,
            "bytes": sum(file.stat().st_size for file in landing.files),
            "cursor": landing.cursor or "",
            "source_has_rows": landing.source_has_rows,
            "missing_columns": list(landing.missing_columns),
            "retyped_columns": list(landing.retyped_columns),
            "new_columns": list(landing.new_columns),
            "files": [home.relative(path) for path in newest],
        },
    )


def _unfinished_bytes(folder: Path) -> int:
    """How much is written so far of what lands in the folder."""
    return sum(file.stat().st_size for file in folder.glob("*.tmp"))


def _load(context: AssetExecutionContext, source: Source, home: Home) -> "Load":
    """Every table of a run lands with one time: when the run was created."""
    from dagster_project.sources.landing import Load

    loaded_at = _created_at(context).replace(tzinfo=None)
    return Load(id=context.run.run_id, loaded_at=loaded_at, as_of=_as_of(context, source, home))


def _as_of(context: AssetExecutionContext, source: Source, home: Home) -> date:
    if context.has_partition_key:
        return date.fromisoformat(context.partition_key)
    if context.has_partition_key_range:
        return date.fromisoformat(context.partition_key_range.end)
    return default_as_of(source, home, _created_at(context))


def _created_at(context: AssetExecutionContext) -> datetime:
    return context.instance.get_run_record_by_id(context.run.run_id).create_timestamp.astimezone(UTC)
