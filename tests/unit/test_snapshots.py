"""A snapshot replaces that of its date and no other, and old ones go. What history makes of them stands elsewhere."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pandas
import pytest

from dagster_project.home import Home
from dagster_project.publish.snapshots import drop_old_snapshots, write_snapshot
from dagster_project.warehouse import AsOfError

DAY = date(2026, 6, 30)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "o'brien")


@pytest.fixture
def warehouse(home: Home) -> Callable[[str, date | None], None]:
    """Writes a warehouse with one customer as of a day, or with none."""

    def write(customer: str, as_of: date | None = DAY) -> None:
        home.folder.mkdir(exist_ok=True)
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute("create schema if not exists segments")
            connection.execute(
                "create or replace table segments.customer_segments as "
                "select ? as customer_key, cast(? as date) as as_of_date",
                [customer, as_of],
            )
            connection.execute("delete from segments.customer_segments where as_of_date is null")

    return write


def test_a_snapshot_replaces_that_of_its_date_only(home: Home, warehouse):
    other = date(2026, 6, 1)
    for day, customer in ((other, "ann"), (DAY, "bob"), (DAY, "cleo")):
        warehouse(customer, as_of=day)
        assert write_snapshot(home, day) == (home.snapshot(day), 1)
    found = {
        path.name: duckdb.execute("select customer_key from read_parquet(?)", [str(path)]).fetchall()
        for path in home.snapshot(DAY).parent.iterdir()
    }
    assert found == {"as_of_date=2026-06-01.parquet": [("ann",)], "as_of_date=2026-06-30.parquet": [("cleo",)]}


def test_a_table_of_another_date_is_no_snapshot(home: Home, warehouse):
    warehouse("ann", date(2026, 6, 1))
    with pytest.raises(AsOfError, match=r"segments\.customer_segments holds 2026-06-01"):
        write_snapshot(home, DAY)
    assert not home.snapshot(DAY).exists()


def test_a_date_before_the_first_customer_has_an_empty_one(home: Home, warehouse):
    warehouse("nobody", None)
    assert write_snapshot(home, DAY) == (home.snapshot(DAY), 0)


@pytest.mark.parametrize(("kept", "every"), [(35, 1), (1, 1), (500, 1), (3, 7)])
def test_the_newest_snapshots_and_every_month_end_stay(home: Home, kept: int, every: int):
    dates = [DAY - timedelta(days=back) for back in range(0, 400, every)]
    home.snapshots.mkdir(parents=True)
    for day in dates:
        home.snapshot(day).touch()
    month_ends = {moment.date() for moment in pandas.date_range(dates[-1], DAY, freq="ME")}
    expected = {*dates[:kept], *(month_ends & {*dates})}
    dropped = drop_old_snapshots(home, kept)
    assert set(home.snapshots.iterdir()) == {home.snapshot(day) for day in expected}
    assert dropped == sorted({*dates} - expected)
