"""Runs one after another on one home: without news, for the next day, an older day, a range of days; experiments.

What the marts hold does not belong here; how a run is told to fail stands in test_faults.py.
"""

import json
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy
import pandas
import pytest
from report_page import Report

from dagster_project.automation import RECOMPUTE
from dagster_project.demo import win_back
from dagster_project.demo.simulate import Simulation, simulate
from dagster_project.experiments.results import assign_and_judge
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.warehouse import open_warehouse
from tests.integration.conftest import SMALL_SHOP, Run, differing_tables

NEXT_DAY = SMALL_SHOP["end"] + timedelta(days=1)
OLDER_DAY = win_back.STARTS_ON - timedelta(days=1)  # when the demo's experiment is drawn


@pytest.fixture(scope="module")
def next_day(run_source: Callable[..., Run], small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    """The shop one day later, run on a copy of the home of the day before."""
    home = shutil.copytree(finished_shop.home.folder, tmp_path_factory.mktemp("next") / "home", symlinks=True)
    return run_source(**small_shop, as_of=NEXT_DAY, home=Path(home))


def _manifest(run: Run) -> dict:
    return json.loads((run.home.published / "manifest.json").read_text())


def _raw_files(run: Run) -> set[str]:
    return {path.relative_to(run.home.folder).as_posix() for path in (run.home.folder / "raw").rglob("*.parquet")}


def _built(run: Run) -> set[str]:
    """The tables that a run built, of those that it looked at."""
    events = run.result.get_asset_materialization_events()
    materializations = [event.step_materialization_data.materialization for event in events]
    return {
        ".".join(one.asset_key.path)
        for one in materializations
        if one.asset_key.path[0] in {"contract", "core", "segments", "insights"} and "unchanged" not in one.metadata
    }


@pytest.fixture(scope="module")
def again(run_source, small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    """The same date again, on a copy of the home."""
    home = shutil.copytree(finished_shop.home.folder, tmp_path_factory.mktemp("again") / "home", symlinks=True)
    return run_source(**small_shop, as_of=finished_shop.as_of, home=Path(home))


def test_a_second_run_without_news_lands_and_builds_nothing_and_the_publication_stands(finished_shop: Run, again: Run):
    assert _raw_files(again) == _raw_files(finished_shop)
    assert len(_built(finished_shop)) > 100
    # Of a home in another place views are made anew, since they name it.
    views = set(again.warehouse_query("select schema_name || '.' || view_name as view from duckdb_views()")["view"])
    assert _built(again) <= views
    assert _manifest(again)["run_id"] == finished_shop.result.run_id
    assert json.loads(again.home.run_report(again.result.run_id).read_text())["is_published"]


def test_built_anew_from_raw_it_publishes_the_same(run_source, small_shop, finished_shop: Run, copy_home):
    home = copy_home(finished_shop)
    Home(home).warehouse.unlink()
    anew = run_source(**small_shop, as_of=finished_shop.as_of, home=home)
    assert _built(anew) == _built(finished_shop)
    assert _manifest(anew)["run_id"] == anew.result.run_id
    assert differing_tables(finished_shop.home.published, anew.home.published) == []
    checksums = {name: table["sha256"] for name, table in _manifest(finished_shop)["tables"].items()}
    assert {name: table["sha256"] for name, table in _manifest(anew)["tables"].items()} == checksums


def test_the_next_day_builds_what_hangs_on_its_news_and_on_the_date_and_nothing_else(finished_shop: Run, next_day: Run):
    news = {name.split("/")[2] for name in _raw_files(next_day) - _raw_files(finished_shop)}
    assert "orders" in news and "categories" not in news
    assert {"contract.orders_rows", "core.fct_order", "core.fct_customer", "segments.seg_rfm"} <= _built(next_day)
    assert "contract.categories_rows" not in _built(next_day)


def test_the_next_day_lands_only_news(finished_shop: Run, next_day: Run):
    news = _raw_files(next_day) - _raw_files(finished_shop)
    assert any(name.startswith("raw/demo_shop/orders/") for name in news)
    landed = [str(next_day.home.folder / name) for name in news]
    sizes = duckdb.sql(f"select count(*) from read_parquet({landed}, union_by_name = true)").fetchone()[0]
    all_rows = duckdb.sql(
        f"select count(*) from read_parquet('{finished_shop.home.folder}/raw/*/*/*.parquet', union_by_name = true)"
    ).fetchone()[0]
    assert 0 < sizes < all_rows / 20


def test_the_next_days_audiences_tell_who_came_and_who_went(finished_shop: Run, next_day: Run):
    changes = 0
    for name, audience in _manifest(next_day)["audiences"].items():
        files = {kind: next_day.home.published / file["file"] for kind, file in audience["files"].items()}
        before = finished_shop.home.published / _manifest(finished_shop)["audiences"][name]["files"]["full"]["file"]
        identifiers = _table(files["remove"]).columns.to_list()
        held, former, came, went = (
            set(_table(file)[identifiers].itertuples(index=False, name=None))
            for file in (files["full"], before, files["add"], files["remove"])
        )
        assert (came, went) == (held - former, former - held)
        changes += len(came) + len(went)
    assert changes > 0


def _table(file: Path) -> pandas.DataFrame:
    return pandas.read_parquet(file) if file.suffix == ".parquet" else pandas.read_csv(file, dtype=str).fillna("")


def test_the_next_day_equals_a_rebuild_from_nothing(run_source, small_shop, next_day: Run):
    rebuilt = run_source(**small_shop, as_of=NEXT_DAY)
    assert _manifest(rebuilt)["as_of_date"] == _manifest(next_day)["as_of_date"] == NEXT_DAY.isoformat()
    # How many versions were superseded is a fact about the loads, and what was so before one about earlier snapshots.
    of_several_dates = {"run_summary", "segment_event", "segment_health", "segment_history", "segment_transition"}
    assert differing_tables(rebuilt.home.published, next_day.home.published, ignored=of_several_dates) == []
    assert rebuilt.query("select orders_refusal from prediction_run")["orders_refusal"].isna().all()


@pytest.fixture(scope="module")
def two_snapshots(next_day: Run) -> tuple[pandas.DataFrame, pandas.DataFrame]:
    """The snapshots of both days as files hold them, by customer as known today; those of one person are one row."""
    redirects = next_day.warehouse_query("select former_key, customer_key from core.int_customer_redirect")
    now = redirects.set_index("former_key")["customer_key"]

    def snapshot(day: date) -> pandas.DataFrame:
        rows = pandas.read_parquet(next_day.home.snapshot(day)).drop(columns="as_of_date")
        survivors_first = rows.assign(moved=rows["customer_key"].isin(now.index)).sort_values("moved")
        survivors_first["customer_key"] = survivors_first["customer_key"].replace(now)
        return survivors_first.drop(columns="moved").drop_duplicates("customer_key").set_index("customer_key")

    return snapshot(SMALL_SHOP["end"]), snapshot(NEXT_DAY)


def test_events_are_the_differences_of_two_snapshots(next_day: Run, two_snapshots):
    before, after = two_snapshots
    expected = set()
    for customer in after.index.union(before.index):
        for name in after.columns:
            was, is_now = (_value(frame, customer, name) for frame in two_snapshots)
            if was == is_now:
                continue
            is_label = after[name].dtype != bool and customer in before.index and customer in after.index
            event = "changed" if is_label else "left" if is_now is None else "entered"
            expected.add((customer, name, event, was, is_now))
    found = next_day.query("select customer_key, segment, event, previous_value, value from segment_event")
    found = found.astype(object).where(found.notna(), None)
    assert {event for _, _, event, _, _ in expected} == {"entered", "left", "changed"}
    assert set(found.itertuples(index=False, name=None)) == expected


def _value(snapshot: pandas.DataFrame, customer: str, name: str) -> str | None:
    value = snapshot.at[customer, name] if customer in snapshot.index else None
    if isinstance(value, (bool, numpy.bool_)):
        return "in" if value else None
    return None if pandas.isna(value) else value


def test_movements_are_the_cross_table_of_two_snapshots(next_day: Run, two_snapshots):
    before, after = (frame["lifecycle_stage"].fillna("(none)") for frame in two_snapshots)
    joined = pandas.concat([before.rename("before"), after.rename("after")], axis=1).fillna("(absent)")
    expected = joined.value_counts().to_dict()
    found = next_day.query(f"""
        select from_value, to_value, customers from segment_transition
        where segment = 'lifecycle_stage' and from_date = date '{SMALL_SHOP["end"]}'
    """)
    assert {(row.from_value, row.to_value): row.customers for row in found.itertuples()} == expected


def test_the_next_days_report_tells_what_changed(next_day: Run, finished_shop: Run, two_snapshots):
    report = Report(next_day.home.published / "report.html")
    days = [f"{day.day} {day:%B %Y}" for day in (SMALL_SHOP["end"], NEXT_DAY)]
    facts = [run.query("select count(*) as people, sum(net_revenue) as net from fct_customer").iloc[0]
             for run in (finished_shop, next_day)]  # fmt: skip
    people, net = facts[1]["people"] - facts[0]["people"], facts[1]["net"] - facts[0]["net"]
    assert people > 0 and net > 0
    header = report.sections["header"].text
    assert f"compare with {days[0]}" in header
    assert f"Customers {facts[1]['people']:,.0f} ▲ {people:,.0f} (+{people / facts[0]['people']:.1%})" in header
    assert f"{facts[1]['net']:,.0f} EUR ▲ {net:,.0f} (+{net / facts[0]['net']:.1%})" in header

    before, after = (frame["lifecycle_stage"] for frame in two_snapshots)
    moved = report.sections["movement"]
    assert moved.rows[0] == ["Stage", days[0], "Left", "Came", days[1]]
    for stage in after.unique():
        left, came = (len(one[one == stage].index.difference(other[other == stage].index))
                      for one, other in ((before, after), (after, before)))  # fmt: skip
        counts = [(before == stage).sum(), left, came, (after == stage).sum()]
        assert moved.row(stage.capitalize()) == [f"{count:,}" for count in counts]
        assert not came or any(text.split() == [stage, f"{came:,}"] for text in moved.chart)

    health = next_day.query("select * from segment_health inner join segment_catalog using (segment)")
    for row in health[health["customers"] > 0].query("for_each.isna() and change.abs() >= .001").itertuples():
        told = next(cells for cells in report.sections["segments"].rows if cells[0].endswith(f" {row.action}"))
        assert told[-1].replace("\N{MINUS SIGN}", "-") == f"{row.change:+.1%}"


@pytest.fixture(scope="module")
def range_of_days(run_source, small_shop, next_day: Run, tmp_path_factory) -> Run:
    """Three days up to the published one in one run, on a copy of its home without snapshots."""
    home = Path(shutil.copytree(next_day.home.folder, tmp_path_factory.mktemp("range") / "home", symlinks=True))
    shutil.rmtree(home / "snapshots")
    return run_source(**small_shop, since=NEXT_DAY - timedelta(days=2), as_of=NEXT_DAY, home=home, job=RECOMPUTE)


def test_a_range_of_days_is_one_run(range_of_days: Run, next_day: Run):
    days = [NEXT_DAY - timedelta(days=back) for back in (2, 1, 0)]
    assert set(range_of_days.home.snapshots.iterdir()) == {range_of_days.home.snapshot(day) for day in days}
    for day in days:
        assert _snapshot_dates(range_of_days.home.snapshot(day)) == [day]
    followed = range_of_days.query("select distinct valid_from from segment_history order by all")["valid_from"]
    assert [day.date() for day in followed] == days
    assert range_of_days.home.snapshot(NEXT_DAY).read_bytes() == next_day.home.snapshot(NEXT_DAY).read_bytes()
    differing = differing_tables(next_day.home.published, range_of_days.home.published)
    of_several_dates = {"experiment_result", "segment_event", "segment_health", "segment_history", "segment_transition"}
    assert {*differing} <= of_several_dates


def test_a_run_can_write_the_snapshots_of_earlier_month_ends(run_source, small_shop, range_of_days: Run, tmp_path):
    home = Path(shutil.copytree(range_of_days.home.folder, tmp_path / "home", symlinks=True))
    shutil.rmtree(home / "snapshots")
    config = {"ops": {"as_of_stage": {"config": {"month_ends_since": "2026-01-20"}}}}
    last = NEXT_DAY - timedelta(days=3)
    run_source(**small_shop, as_of=last, home=home, job=RECOMPUTE, run_config=config)
    written = {path.stem.removeprefix("as_of_date=") for path in (home / "snapshots").iterdir()}
    assert written == {"2026-01-31", "2026-02-28", last.isoformat()}


def test_a_past_date_computed_again_says_the_same_in_any_order_of_runs(
    run_source, small_shop, range_of_days: Run, tmp_path
):
    """The middle day of the range on its own, after the later one, gives the snapshot that the range gave; and the
    history that the last day then makes of them is the same."""
    home = Path(shutil.copytree(range_of_days.home.folder, tmp_path / "home", symlinks=True))
    middle = Home(home).snapshot(NEXT_DAY - timedelta(days=1))
    said = middle.read_bytes()
    middle.unlink()
    run_source(**small_shop, as_of=NEXT_DAY - timedelta(days=1), home=home, job=RECOMPUTE)
    assert middle.read_bytes() == said
    last = run_source(**small_shop, as_of=NEXT_DAY, home=home, job=RECOMPUTE)
    assert differing_tables(range_of_days.home.published, last.home.published) == []


def _snapshot_dates(path: Path) -> list[date]:
    return [day for (day,) in duckdb.sql(f"select distinct as_of_date from '{path}'").fetchall()]


@pytest.fixture(scope="module")
def older(run_source, small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    """An older day, computed on a copy of the finished shop's home."""
    home = shutil.copytree(finished_shop.home.folder, tmp_path_factory.mktemp("older") / "home", symlinks=True)
    return run_source(**small_shop, as_of=OLDER_DAY, home=Path(home), job=RECOMPUTE)


def test_an_older_date_writes_its_snapshot_and_leaves_the_publication_alone(finished_shop: Run, older: Run):
    assert _manifest(older)["run_id"] == finished_shop.result.run_id
    assert _manifest(older)["as_of_date"] == finished_shop.as_of.isoformat()
    assert _snapshot_dates(older.home.snapshot(OLDER_DAY)) == [OLDER_DAY]
    assert older.home.snapshot(finished_shop.as_of).exists()


# Experiments


def test_an_experiment_is_not_assigned_without_a_run_on_its_eve(finished_shop: Run):
    rows = finished_shop.query("select * from experiment_result").set_index("experiment")
    assert set(rows.index) == {"short", "win_back"}
    assert set(rows["status"]) == {"not_assigned"}
    assert rows.loc["win_back", "reason"].startswith(f"no run was made for {OLDER_DAY}")


def test_an_experiment_that_starts_within_a_range_of_days_says_what_the_published_orders_say(range_of_days: Run):
    """Drawn for the first day of the range, judged for the last."""
    (row,) = range_of_days.query("select * from experiment_result where experiment = 'short'").to_dict("records")
    assert row["status"] == "complete"
    drawn = pandas.read_parquet(range_of_days.home.assignment("short")).set_index("customer_key")
    snapshot = pandas.read_parquet(range_of_days.home.snapshot(NEXT_DAY - timedelta(days=2)))
    assert set(drawn.index) == set(snapshot[snapshot["country"] == "DE"]["customer_key"])
    orders = range_of_days.query(f"""
        select customer_key, count(*) as orders from fct_order
        where order_date between date '{SMALL_SHOP["end"]}' and date '{NEXT_DAY}'
            and (invalid_from is null or invalid_from > date '{NEXT_DAY}')
        group by customer_key
    """).set_index("customer_key")["orders"]
    placed = orders.reindex(drawn.index).fillna(0).groupby(drawn["arm"]).agg(["mean", "size"])
    assert [row["control_customers"], row["arm_customers"]] == placed["size"].tolist()
    assert [row["control_mean"], row["arm_mean"]] == pytest.approx(placed["mean"].tolist())
    assert placed["mean"].min() > 0


@pytest.fixture(scope="module")
def win_back_rows(older: Run, small_shop) -> pandas.DataFrame:
    """What is said as of the last day of the experiment that was drawn when its eve was computed again."""
    experiments = load_source(Settings(**small_shop)).experiments
    with open_warehouse(older.home.warehouse) as warehouse:
        rows = assign_and_judge(warehouse, older.home, SMALL_SHOP["end"], experiments)
    return rows[rows["experiment"] == "win_back"].set_index("segment")


def test_an_experiment_is_drawn_as_the_sender_drew_it(older: Run, win_back_rows: pandas.DataFrame):
    """Whoever the CRM had on its list, written to or not, is in the same arm here: both drew the address."""
    drawn = pandas.read_parquet(older.home.assignment("win_back"))
    assert list(drawn.columns) == ["customer_key", "arm", "assigned_as_of", "split_value"]
    snapshot = pandas.read_parquet(older.home.snapshot(OLDER_DAY))
    assert set(drawn["customer_key"]) <= set(snapshot[snapshot["not_bought_within_90"]]["customer_key"])
    contacts = older.warehouse_query(
        "select record_id, customer_key from core.int_identity where record_type = 'contact'"
    )
    truth = pandas.read_parquet(older.home.demo / "truth.parquet")
    listed = truth.dropna(subset=["win_back_arm"]).explode("contact_ids")
    listed = listed.assign(record_id=listed["contact_ids"].astype(str)).merge(contacts, on="record_id")
    both = listed.merge(drawn, on="customer_key")
    assert len(both) > 0.9 * len(listed["person_id"].unique())
    assert (both["arm"] == both["win_back_arm"]).all()
    assert set(win_back_rows["status"]) == {"complete"}
    assert win_back_rows.loc["(all)", "arm_customers"] == (drawn["arm"] == "treatment").sum()
    assert len(win_back_rows) > 2


def test_a_past_date_sees_only_what_had_happened(run_source, small_shop, older: Run, tmp_path):
    """As of an older date, orders and revenue equal those of a shop that was only simulated until shortly after it,
    when the orders that reach the shop some days late had come."""
    late = OLDER_DAY + timedelta(days=7)
    simulate(tmp_path / "then" / "demo", Simulation(**SMALL_SHOP), late, "Europe/Berlin")
    then = run_source(**small_shop, as_of=OLDER_DAY, home=tmp_path / "then")
    totals = """
        select sum(orders) as orders, sum(units) as units, sum(net_revenue) as net_revenue,
               sum(refund_amount) as refund_amount, sum(net_revenue_30d) as net_revenue_30d
        from core.fct_customer
    """
    assert older.warehouse_query(totals).to_dict() == then.warehouse_query(totals).to_dict()
