"""Rejected lines are counted for run_summary: those of the files as they are now, table by table."""

from datetime import date, datetime
from pathlib import Path

import duckdb
from source_files import write_files

from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem, Source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system
from dagster_project.transform.rejected_lines import write_rejected_lines

LAST_ORDER = {"system": "shop", "table": "orders", "column": "id", "time_zone": "UTC"}


def _counted(folder: Path, number: int) -> dict[str, int]:
    system = FilesSystem(
        name="shop",
        platform="shop",
        kind="files",
        path=str(folder / "export"),
        tables={"orders": {"file": "orders*.csv"}, "people": {"file": "people.csv"}},
    )
    source = Source(time_zone="UTC", currency="EUR", last_order=LAST_ORDER, systems=[system])
    home = Home(folder / "home")
    load = Load(f"run-{number:04}", datetime(2026, 6, number), date(2026, 6, number))
    with open_system(system, home) as reader:
        for table, config in system.tables.items():
            land(reader, table, config, home.raw("shop", table), home.rejects("shop", table), load)
    tables, lines = write_rejected_lines(source, home)
    rows = duckdb.execute("select * from read_parquet(?)", [str(home.exchange / "rejected_line.parquet")]).fetchall()
    assert tables == len(rows)
    assert all((system, lines) == ("shop", sum(count for *_, count in rows)) for system, *_ in rows)
    return {table: count for _, table, count in rows}


def test_rejected_lines_are_counted_until_they_are_mended(tmp_path: Path):
    good = "id,note\n1,a\n2,b\n"
    write_files(
        tmp_path / "export",
        {"orders_1.csv": good + "3\n", "orders_2.csv": good + "4\n5,e,f\n", "people.csv": good},
    )
    assert _counted(tmp_path, 1) == {"shop/orders": 3}
    write_files(tmp_path / "export", {"orders_2.csv": good + "4,d\n5,e\n", "people.csv": good + "6\n"})
    assert _counted(tmp_path, 2) == {"shop/orders": 1, "shop/people": 1}
    write_files(tmp_path / "export", {"orders_1.csv": good, "people.csv": good + "6,f\n"})
    assert _counted(tmp_path, 3) == {}
