"""The default as-of date: the last business day with an order, whatever the machine's own zone is."""

import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.sources.assets import default_as_of
from dagster_project.sources.config import Source, SourceError

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _far_away() -> Iterator[None]:
    """The machine is in another zone than the shop and its data."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()


@pytest.fixture
def last_day(tmp_path: Path) -> Callable[..., date]:
    """The default as-of date of a shop in Berlin with these order times."""

    def read(*ordered_at: str, zone: str = "UTC") -> date:
        rows = ", ".join(f"({value})" for value in ordered_at)
        duckdb.sql(f"select * from (values {rows}) as given (placed_at)").write_parquet(str(tmp_path / "o.parquet"))
        system = {"name": "shop", "platform": "shop", "kind": "files", "path": str(tmp_path / "o.parquet")}
        source = Source(
            time_zone="Europe/Berlin",
            currency="EUR",
            last_order={"system": "shop", "table": "orders", "column": "placed_at", "time_zone": zone},
            systems=[{**system, "tables": {"orders": None}}],
        )
        return default_as_of(source, Home(tmp_path), NOW)

    return read


@pytest.mark.parametrize(
    ("ordered_at", "zone", "day"),
    [
        ("timestamp '2026-06-30 21:59:59'", "UTC", date(2026, 6, 30)),
        ("timestamp '2026-06-30 22:00:00'", "UTC", date(2026, 7, 1)),
        ("'2026-06-30T22:00:00'", "UTC", date(2026, 7, 1)),
        ("'2026-06-30T22:00:00+02:00'", "UTC", date(2026, 6, 30)),
        ("timestamptz '2026-06-30 22:00:00+00'", "UTC", date(2026, 7, 1)),
        ("timestamp '2026-06-30 22:59:59'", "Europe/London", date(2026, 6, 30)),
        ("timestamp '2026-06-30 23:00:00'", "Europe/London", date(2026, 7, 1)),
        ("date '2026-06-30'", "Europe/Berlin", date(2026, 6, 30)),
    ],
)
def test_it_is_the_local_day_of_the_last_order(last_day, ordered_at: str, zone: str, day: date):
    assert last_day("null", ordered_at, zone=zone) == day


def test_an_order_in_the_future_or_without_a_readable_time_does_not_count(last_day):
    assert last_day("'2026-06-30T12:00:00'", "'2999-01-01T00:00:00'", "'yesterday'") == date(2026, 6, 30)


def test_a_source_without_an_order_says_so(last_day):
    with pytest.raises(SourceError, match="The table orders of the system shop holds no order"):
        last_day("cast(null as timestamp)")


def test_times_that_nothing_reads_are_no_missing_orders(last_day):
    with pytest.raises(SourceError, match="No placed_at of the table orders of the system shop can be read as a time"):
        last_day("'30.06.2026 12:00'")
