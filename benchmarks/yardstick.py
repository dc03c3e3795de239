"""The four outputs (customer facts, RFM, category affinity, lapsed) without a warehouse, to compare its cost with.

`python -m benchmarks.yardstick duckdb|pandas|polars <shop> <folder>` computes them from the files of the simulated
shop as of its last day, once with each tool, and writes four Parquet files. They know what is special about that shop:
one currency, an e-mail on every order that is one person, nothing deleted, and only refunds of single lines. They may,
since they are there to say how fast it could be; whether they come to the warehouse's figures is checked here.
"""

import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

import duckdb

from benchmarks.processes import BenchmarkError, Watched, watch
from dagster_project import sql

TOOLS = {"duckdb": "DuckDB", "pandas": "pandas", "polars": "Polars"}
CLASSIC_GROUPS = Path(__file__).parents[1] / "dbt" / "seeds" / "segments" / "rfm_classic.csv"
WINDOWS = (30, 90, 180, 365)
LAPSED_BANDS = {365: "365+", 180: "180-364", 90: "90-179"}
OUTPUTS = ("customers", "rfm", "affinity", "lapsed")
# What all of them have to agree on.
FIGURES = {
    "buyers": "select count(*) from {customers} where orders > 0",
    "orders": "select cast(sum(orders) as bigint) from {customers}",
    "net revenue": "select cast(sum(net_revenue) as decimal(38, 2)) from {customers}",
    "net revenue within 90 days": "select cast(sum(net_revenue_90d) as decimal(38, 2)) from {customers}",
    "occasions within 365 days": "select cast(sum(occasions_365d) as bigint) from {customers}",
    "champions": "select count(*) from {rfm} where classic_group = 'Champions'",
    "primary categories": "select count(*) from {affinity} where is_primary",
    "lapsed": "select count(*) from {lapsed} where is_lapsed",
    "personally lapsed": "select count(*) from {lapsed} where is_personally_lapsed",
    "value at stake": "select cast(sum(value_at_stake) as decimal(38, 2)) from {lapsed}",
}
MARTS = {
    "customers": "core.fct_customer",
    "rfm": "segments.seg_rfm",
    "affinity": "segments.seg_category_affinity",
    "lapsed": "segments.seg_lapsed",
}


def run_yardstick(tool: str, shop: Path, folder: Path, log: Path) -> Watched:
    """One of the tools in a process of its own, its files into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    return watch([sys.executable, "-m", "benchmarks.yardstick", tool, str(shop), str(folder)], log)


def figures_of_warehouse(warehouse: Path) -> Mapping[str, object]:
    """What the warehouse says."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return _figures(connection, MARTS)


def figures_of(folder: Path) -> Mapping[str, object]:
    """What the files of a yardstick say."""
    with duckdb.connect() as connection:
        return _figures(connection, {name: sql.text(folder / f"{name}.parquet") for name in OUTPUTS})


def check_same(tool: str, found: Mapping[str, object], expected: Mapping[str, object]) -> None:
    """Raises BenchmarkError where a yardstick comes to other figures than the warehouse: it measured other work."""
    for name, value in expected.items():
        if found[name] != value:
            raise BenchmarkError(f"{TOOLS[tool]} finds {found[name]} {name}, the warehouse {value}: not the same work.")


def _figures(connection: duckdb.DuckDBPyConnection, tables: Mapping[str, str]) -> Mapping[str, object]:
    return {name: connection.execute(query.format(**tables)).fetchone()[0] for name, query in FIGURES.items()}


if __name__ == "__main__":
    tool, shop, folder = sys.argv[1:]
    import_module(f"benchmarks.yardstick_{tool}").compute(Path(shop), Path(folder))
