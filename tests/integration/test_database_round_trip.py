"""The demo shop in a real database, extracted, changed by one per cent and extracted again.

Only what changed is read and lands, and what is published equals a run that sees everything at once.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pandas
import pytest
import yaml
from demo_files import read_shop
from sqlalchemy import Connection, Engine, inspect, text
from sqlalchemy.dialects import mysql, postgresql

from dagster_project.demo.simulate import Simulation, simulate
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import BUILTIN_FILE, load_source
from dagster_project.sources.readers import open_system
from dagster_project.sources.readers.reader import Since

from .conftest import SMALL_SHOP, Run, differing_tables
from .databases import SERVERS, new_database, shown

pytestmark = pytest.mark.data
AS_OF = SMALL_SHOP["end"]
NOW = f"{AS_OF + timedelta(days=1)} 00:30:00"  # later than any change of the day
TIMES = {"postgresql": postgresql.TIMESTAMP(timezone=True, precision=6), "mariadb": mysql.DATETIME(fsp=6)}
ZONES = {"postgresql": "UTC", "mariadb": None}  # MariaDB's DATETIME bears no zone


@dataclass(frozen=True)
class RoundTrip:
    """Two runs on one home with a change between them, and one run on another home that sees only the end."""

    first: Run
    second: Run
    fresh: Run
    changes: Mapping[str, int]
    sources_file: Path


@pytest.fixture(scope="module", params=SERVERS)
def round_trip(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, run_source: Callable[..., Run]
) -> Iterator[RoundTrip]:
    """The small shop in a database of each server; its CRM stays in files."""
    folder = tmp_path_factory.mktemp("demo")
    simulate(folder, Simulation(**SMALL_SHOP), AS_OF, "Europe/Berlin")
    with new_database(request.param) as engine:
        _load(engine, folder)
        entry = yaml.safe_load(BUILTIN_FILE.read_text())["demo"]
        del entry["simulation"]
        shop, crm = entry["systems"]
        shop["url"], crm["path"] = shown(engine.url), str(folder / "crm")
        sources_file = folder / "sources.yml"
        sources_file.write_text(yaml.safe_dump({"round_trip": entry}))
        given = {"source": "round_trip", "sources_file": sources_file, "as_of": AS_OF}
        first = run_source(**given)
        with engine.begin() as connection:
            changes = _change(connection)
        second = run_source(**given, home=first.home.folder)
        yield RoundTrip(first, second, run_source(**given), changes, sources_file)


def _load(engine: Engine, folder: Path) -> None:
    server = "postgresql" if engine.dialect.name == "postgresql" else "mariadb"
    for name, rows in read_shop(folder).items():
        times = [column for column in rows.columns if column.endswith("_at")]
        rows = rows.assign(**{column: pandas.to_datetime(rows[column], utc=True) for column in times})
        rows = rows.assign(**{column: rows[column].dt.tz_convert(ZONES[server]) for column in times})
        rows = rows.convert_dtypes(convert_string=False)  # ids that may be missing stay whole numbers
        types = dict.fromkeys(times, TIMES[server])
        rows.to_sql(name, engine, index=False, chunksize=2000, method="multi", dtype=types)


def _change(connection: Connection) -> dict[str, int]:
    """One per cent of the customers and orders change, and as many are new; how many rows by table."""
    statements = {
        "customers": [
            f"update customers set tags = 'changed', updated_at = '{NOW}' where id % 100 = 7",
            # Some share a phone with the account they copy, which is the older one.
            _copies(
                connection,
                "customers",
                "id % 100 = 9",
                email="concat('new.', id, '@example.org')",
                created_at=f"'{AS_OF} 10:00:00'",
            ),
        ],
        "orders": [
            f"update orders set device = 'kiosk', updated_at = '{NOW}' where id % 100 = 7",
            _copies(connection, "orders", "id % 100 = 9", placed_at=f"'{AS_OF} 10:00:00'", customer_id="customer_id"),
        ],
        "order_items": [_copies(connection, "order_items", "order_id % 100 = 9", order_id="order_id + 9000000")],
    }
    return {
        table: sum(connection.execute(text(statement)).rowcount for statement in parts)
        for table, parts in statements.items()
    }


def _copies(connection: Connection, table: str, condition: str, **changed: str) -> str:
    """A statement that inserts copies of rows under new ids, as of now."""
    changed = {"id": "id + 9000000", "updated_at": f"'{NOW}'", **changed}
    columns = [column["name"] for column in inspect(connection).get_columns(table)]
    values = [changed.get(column, column) for column in columns]
    return f"insert into {table} ({', '.join(columns)}) select {', '.join(values)} from {table} where {condition}"


def _landed(run: Run) -> dict[str, int]:
    """New rows by table of the shop."""
    return {
        event.asset_key.path[-1]: event.step_materialization_data.materialization.metadata["rows"].value
        for event in run.result.get_asset_materialization_events()
        if event.asset_key.path[:2] == ["raw", "demo_shop"]
    }


def test_only_what_changed_lands(round_trip: RoundTrip):
    assert min(round_trip.changes.values()) > 0
    assert {table: rows for table, rows in _landed(round_trip.second).items() if rows} == round_trip.changes


def test_only_rows_from_the_cursor_on_are_read(round_trip: RoundTrip):
    source = load_source(Settings(source="round_trip", sources_file=round_trip.sources_file))
    first = round_trip.first
    with open_system(source.system("demo_shop"), Home(first.home.folder)) as reader:
        for table, changed in round_trip.changes.items():
            landed = f"read_parquet('{first.home.raw('demo_shop', table)}/*-{first.result.run_id[:8]}.parquet')"
            newest = first.warehouse_query(f"""
                select cast(updated_at as varchar) as cursor, count(*) as ties
                from {landed} group by updated_at order by updated_at desc limit 1
            """).iloc[0]
            since = Since("updated_at", newest["cursor"], reader.columns(table)["updated_at"])
            read = reader.connection.execute(f"select count(*) from {reader.rows(table, since=since)}").fetchone()[0]
            assert changed <= read <= changed + newest["ties"], table


def test_what_is_published_equals_a_run_that_sees_everything_at_once(round_trip: RoundTrip):
    left, right = round_trip.second.home.published, round_trip.fresh.home.published
    assert differing_tables(left, right, ignored={"run_summary"}) == []
    before = round_trip.first.home.publications / round_trip.first.result.run_id
    assert "fct_order" in differing_tables(before, right)
