"""A shop of Parquet files, to extract from and to erase people of. What its tables hold stands in the test."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb

from dagster_project.erasure.erased import Erased
from dagster_project.erasure.raw import table_erasures
from dagster_project.home import Home
from dagster_project.sources.config import Source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system

DAY = date(2026, 6, 30)


def write_source(folder: Path, tables: Mapping[str, Mapping], rows: Mapping[str, str]) -> Source:
    """A source of one system, `shop`; `rows` are its tables' rows as relations in SQL."""
    folder.mkdir()
    write_rows(folder, rows)
    described = {name: {"file": f"{name}.parquet", **table} for name, table in tables.items()}
    system = {"name": "shop", "platform": "demo_shop", "kind": "files", "path": str(folder), "tables": described}
    order = {"system": "shop", "table": next(iter(tables)), "column": "updated_at", "time_zone": "UTC"}
    return Source.model_validate({"time_zone": "UTC", "currency": "EUR", "last_order": order, "systems": [system]})


def write_rows(folder: Path, rows: Mapping[str, str]) -> None:
    """What the tables hold from now on."""
    for table, relation in rows.items():
        duckdb.sql(f"select * from {relation}").write_parquet(str(folder / f"{table}.parquet"))


def extract(source: Source, home: Home, run: int) -> dict[str, int]:
    """Land every table as a run does, runs being a day apart; returns how many rows of each."""
    (system,) = source.systems
    landed = {}
    for table, config in system.tables.items():
        with open_system(system, home) as reader:
            listed = Erased.on(reader.connection, home)
            erasures = {one.table: one for one in table_erasures(listed, source)} if listed else {}
            load = Load(f"run-{run}", datetime(2026, 7, 1) + timedelta(days=run), DAY)
            folder, rejects = home.raw("shop", table), home.rejects("shop", table)
            landed[table] = land(reader, table, config, folder, rejects, load, erasures.get(table)).rows
    return landed


def raw_rows(home: Home, table: str) -> list[tuple]:
    """The different rows that raw holds of a table, without what is known of their landing."""
    files = [str(path) for path in sorted(home.raw("shop", table).glob("*.parquet"))]
    columns = "* exclude (_loaded_at, _load_id, _as_of, _is_deleted)"
    return duckdb.execute(f"select distinct {columns} from read_parquet(?) order by all", [files]).fetchall()
