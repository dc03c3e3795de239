"""What is read of snapshot files, as dbt compiles it: rows of today's customers, and a state that any change shows.

What history makes of them stands in the dbt unit tests of segment_history.
"""

import json
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, timedelta
from types import MappingProxyType

import duckdb
import numpy
import pandas
import pytest
from compiled_sql import VARS, compiled_nodes, memory_warehouse

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.transform.catalogue import load_catalogue, load_labels
from dagster_project.transform.project import DBT_FOLDER

LAST = date.fromisoformat(VARS["as_of_date"])
DAYS = [LAST - timedelta(days=back) for back in (40, 2, 1, 0, -1)]  # the last one is not read
LABELS = load_labels(DBT_FOLDER)
TABLES = ("int_snapshot_redirect", "int_snapshot_date")
NOBODY = MappingProxyType({})
SEGMENTS = [segment.name for segment in load_catalogue(DBT_FOLDER) if not segment.for_each]


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    return Home(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def models(home: Home) -> Mapping[str, str]:
    return compiled_nodes(home.folder, [*TABLES, "int_snapshot", "int_snapshot_state", "segment_transition"])


@pytest.fixture
def warehouse(home: Home, models: Mapping[str, str]) -> Callable[..., duckdb.DuckDBPyConnection]:
    """Opens one with the views on files of those snapshots, of whose keys some now belong to other customers."""

    def open_views(snapshots: pandas.DataFrame, redirects: Mapping[str, str] = NOBODY) -> duckdb.DuckDBPyConnection:
        warehouse = memory_warehouse()
        shutil.rmtree(home.snapshots, ignore_errors=True)
        home.snapshots.mkdir()
        typed = ", ".join([*(f"{label}::varchar as {label}" for label in LABELS), *SEGMENTS])
        for day, rows in snapshots.groupby("as_of_date"):
            warehouse.register("given", rows)
            query = f"select customer_key, as_of_date::date as as_of_date, {typed} from given"
            warehouse.execute(f"copy ({query}) to {sql.text(home.snapshot(day))} (format parquet)")
        warehouse.execute("use warehouse.insights")
        warehouse.execute("create table core.int_customer_redirect (former_key varchar, customer_key varchar)")
        for former_key, customer_key in redirects.items():
            warehouse.execute("insert into core.int_customer_redirect values (?, ?)", [former_key, customer_key])
        for name, text in models.items():
            kind = "table" if name in TABLES else "view"
            warehouse.execute(f"create {kind} {name} as {text}")
        return warehouse

    return open_views


def _snapshots(keys: Mapping[date, Sequence[str]]) -> pandas.DataFrame:
    """A row per date and key: no label but the language, which says the key, and no segment."""
    rows = pandas.DataFrame(
        [(day, key) for day, held in keys.items() for key in held], columns=["as_of_date", "customer_key"]
    )
    nothing = pandas.DataFrame({**dict.fromkeys(LABELS), **dict.fromkeys(SEGMENTS, False)}, rows.index, dtype="object")
    return pandas.concat([rows, nothing.assign(language=rows["customer_key"])], axis=1)


@pytest.mark.parametrize("seed", range(5))
def test_each_customer_of_today_has_one_row_a_snapshot(warehouse, seed):
    chance = numpy.random.default_rng(seed)
    keys = [f"k{number:02}" for number in range(30)]
    held = {day: sorted(chance.choice(keys, 20, replace=False)) for day in DAYS}
    gone = sorted(chance.choice(keys, 12, replace=False))
    stayed = [key for key in keys if key not in gone]
    redirects = {key: str(chance.choice(stayed)) for key in gone}
    expected = set()
    for day in DAYS[:-1]:
        for customer in {redirects.get(key, key) for key in held[day]}:
            candidates = [customer, *(key for key in gone if redirects[key] == customer)]
            expected.add((day, customer, next(key for key in candidates if key in held[day])))
    views = warehouse(_snapshots(held), redirects)
    found = views.execute("select as_of_date, customer_key, language from int_snapshot").fetchall()
    assert len(found) == len(expected)
    assert {*found} == expected


@pytest.mark.parametrize(
    ("query", "files"),
    [
        ("select count(language) from int_snapshot inner join asked on asked.day = int_snapshot.as_of_date", [1]),
        ("select * from segment_transition", [1, 2]),  # of the date itself, and of those a day and 30 days before
    ],
)
def test_who_asks_for_some_dates_reads_the_files_of_these_only(warehouse, query, files):
    keys = [f"k{number:02}" for number in range(30)]
    views = warehouse(_snapshots(dict.fromkeys(DAYS, keys)), {"k00": "k01", "gone": "k02"})
    views.execute("create table asked as select max(as_of_date) as day from int_snapshot_date where number < 3")
    plan = json.loads(views.execute(f"explain (analyze, format json) {query}").fetchall()[0][1])
    read = [node["operator_cardinality"] / len(keys) for node in _nodes(plan, "READ_PARQUET")]
    assert sorted(read) == files


def _nodes(plan: Mapping, name: str) -> Iterator[Mapping]:
    """The nodes of a plan with that name."""
    if plan.get("operator_name", "").strip() == name:
        yield plan
    for child in plan["children"]:
        yield from _nodes(child, name)


def test_a_state_shows_any_change(warehouse):
    snapshots = _snapshots({DAYS[0]: ["a"], DAYS[1]: ["b", *LABELS, *SEGMENTS]})
    snapshots["language"] = None
    for name, value in {**dict.fromkeys(LABELS, "x"), **dict.fromkeys(SEGMENTS, True)}.items():
        snapshots.loc[snapshots["customer_key"] == name, name] = value
    states = dict(warehouse(snapshots).execute("select customer_key, state from int_snapshot_state").fetchall())
    assert states.pop("a") == states["b"]
    assert len({*states.values()}) == len(states) == 1 + len(LABELS) + len(SEGMENTS)
