"""Extract: one asset a source table, which lands it under raw/. Knows nothing of dbt or of expectations."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

from dagster import AssetExecutionContext, AssetKey, AssetsDefinition, MaterializeResult, asset

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.sources.config import Source, System

SIMULATION = AssetKey(["demo", "simulation"])


def raw_key(system: str, table: str) -> AssetKey:
    """The asset key of a source table."""
    return AssetKey(["raw", system, table])


def build_raw_assets(source: Source, home: Home) -> Sequence[AssetsDefinition]:
    """One asset for every table of every system of the source; for the demo also the simulation they read."""
    assets = [_raw_asset(source, system, table, home) for system in source.systems for table in system.tables]
    return [_simulation_asset(source, home), *assets] if source.simulation else assets


def default_as_of(source: Source, home: Home, now: datetime) -> date:
    """The last business day with an order, read from the source before anything is extracted.

    Orders that the contract would call in the future (later than a day from now) do not count.

    Raises SourceError where the source cannot be read or holds no order.
    """
    import duckdb

    from dagster_project.sources.config import SourceError
    from dagster_project.sources.readers import relation

    if source.simulation:
        _simulate(source, home, source.simulation.end)
    last = source.last_order
    try:
        with duckdb.connect() as connection:
            connection.execute(f"set TimeZone = {sql.text(last.time_zone)}")  # what a time without a zone is in
            orders = relation(connection, source.system(last.system), last.table, home)
            newest = connection.execute(
                f"""
                select cast(timezone({sql.text(source.time_zone)}, max(ordered_at)) as date)
                from (select try_cast({sql.name(last.column)} as timestamptz) as ordered_at from {orders})
                where ordered_at <= ?
                """,
                [now + timedelta(days=1)],
            ).fetchone()[0]
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise SourceError(f"The table {last.table} of the system {last.system} cannot be read: {why}") from None
    if newest is None:
        raise SourceError(f"The table {last.table} of the system {last.system} holds no order.")
    return newest


def _simulation_asset(source: Source, home: Home) -> AssetsDefinition:
    @asset(key=SIMULATION, group_name="raw", kinds={"sqlite"})
    def simulation(context: AssetExecutionContext) -> None:
        """The simulated shop and CRM as they stand at the end of the as-of date; never moved back."""
        _simulate(source, home, _as_of(context, source, home))

    return simulation


def _simulate(source: Source, home: Home, until: date) -> None:
    from dagster_project.demo.simulate import simulate

    simulate(home.demo, source.simulation, until, source.time_zone)


def _raw_asset(source: Source, system: System, table: str, home: Home) -> AssetsDefinition:
    config = system.tables[table]

    @asset(
        key=raw_key(system.name, table),
        deps=[SIMULATION] if source.simulation else [],
        group_name="raw",
        kinds={"parquet"},
        description=f"The table {table} of the system {system.name} as the source said it: every version ever landed.",
    )
    def raw_table(context: AssetExecutionContext) -> MaterializeResult:
        import duckdb

        from dagster_project.sources.landing import land
        from dagster_project.sources.readers import relation, source_file

        file = source_file(system, table, home)
        with duckdb.connect() as connection:
            landing = land(
                connection,
                relation(connection, system, table, home),
                home.raw(system.name, table),
                _load(context, source, home),
                cursor=config.cursor,
                required=config.required,
                fingerprint=f"{file.stat().st_size}-{file.stat().st_mtime_ns}" if file else None,
            )
        # Without news the gate looks at the newest landing again, so that what failed once does not pass by repeating.
        newest = landing.files or sorted(home.raw(system.name, table).glob("*.parquet"))[-1:]
        return MaterializeResult(
            metadata={
                "dagster/row_count": landing.rows_before + landing.rows,
                "rows": landing.rows,
                "rows_before": landing.rows_before,
                "bytes": landing.bytes,
                "cursor": landing.cursor or "",
                "source_has_rows": landing.source_has_rows,
                "columns": list(landing.columns),
                "missing_columns": list(landing.missing_columns),
                "new_columns": list(landing.new_columns),
                "files": [home.relative(path) for path in newest],
            }
        )

    return raw_table


def _load(context: AssetExecutionContext, source: Source, home: Home):
    """Every table of a run lands with one time: when the run was created."""
    from dagster_project.sources.landing import Load

    loaded_at = _created_at(context).replace(tzinfo=None)
    return Load(id=context.run.run_id, loaded_at=loaded_at, as_of=_as_of(context, source, home))


def _as_of(context: AssetExecutionContext, source: Source, home: Home) -> date:
    if context.has_partition_key:
        return date.fromisoformat(context.partition_key)
    return default_as_of(source, home, _created_at(context))


def _created_at(context: AssetExecutionContext) -> datetime:
    return context.instance.get_run_record_by_id(context.run.run_id).create_timestamp.astimezone(UTC)
