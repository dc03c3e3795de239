"""Rejected lines: how many lines of the source's files could not be read, for run_summary.

Reads what landing noted beside the raw files, writes exchange/rejected_line.parquet. Why a line was rejected stands in
rejects/; nothing here reads a source.
"""

from dagster import AssetsDefinition, MaterializeResult, asset

from dagster_project.home import Home
from dagster_project.owners import DATA_ENGINEERING
from dagster_project.parquet import write_parquet
from dagster_project.sources.assets import raw_key
from dagster_project.sources.config import Source
from dagster_project.transform.translator import exchange_key


def write_rejected_lines(source: Source, home: Home) -> tuple[int, int]:
    """Write one row per raw table with lines that could not be read: source_system, raw_table, line_count.

    Returns how many such tables, and how many lines there are.
    """
    import duckdb
    import pandas

    from dagster_project.sources.landed import SourceState

    counts = pandas.DataFrame(
        [
            (
                system.name,
                f"{system.name}/{table}",
                sum(SourceState.read(home.raw(system.name, table)).rejected.values()),
            )
            for system in source.systems
            for table in system.tables
        ],
        columns=["source_system", "raw_table", "line_count"],
    )
    with duckdb.connect() as connection:
        connection.register("counts", counts)
        path = home.exchange / "rejected_line.parquet"
        tables = write_parquet(connection, "from counts where line_count > 0", path)
    return tables, int(counts["line_count"].sum())


def build_rejected_lines_asset(source: Source, home: Home) -> AssetsDefinition:
    """The asset that counts rejected lines."""

    @asset(
        key=exchange_key("rejected_line"),
        group_name="raw",
        kinds={"python", "parquet"},
        owners=DATA_ENGINEERING,
        deps=[raw_key(system.name, table) for system in source.systems for table in system.tables],
    )
    def rejected_line() -> MaterializeResult:
        """Lines of the source's files that could not be read, counted by raw table; rejects/ lists them."""
        tables, lines = write_rejected_lines(source, home)
        return MaterializeResult(metadata={"dagster/row_count": tables, "lines": lines})

    return rejected_line
