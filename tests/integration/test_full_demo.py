"""What needs the simulated shop at its full size: cross-sell rules, predictions and the planted experiment, against
independent figures; and its publication in a DuckDB of an older version."""

import shutil
import subprocess
import sys
import venv
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from report_page import Report

from dagster_project.automation import RECOMPUTE
from dagster_project.demo import win_back
from dagster_project.experiments.results import assign_and_judge
from dagster_project.home import Home
from dagster_project.prediction.assets import write_prediction
from dagster_project.prediction.rules import load_rules
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars
from dagster_project.warehouse import open_warehouse
from tests.association import VARS, assert_baskets, assert_published_rules
from tests.integration.conftest import Run

pytestmark = pytest.mark.data
AHEAD = 90
EXPECTED = """
    select sum(expected_orders_90d) as orders
    from core.int_purchase_history
    join '{}/prediction_expected_orders.parquet' using (repeat_occasions, btyd_recency_days, btyd_age_days)
    where history_date = ?
"""
# Prints of every table its rows, and of every column the least and greatest value.
READ_ALL = """
import duckdb, sys
marts = duckdb.connect(sys.argv[1], read_only=True)
for (table,) in marts.execute("select table_name from duckdb_tables() order by 1").fetchall():
    columns = [name for name, *_ in marts.execute(f"describe {table}").fetchall()]
    values = ", ".join(f"min({name})::varchar, max({name})::varchar" for name in columns)
    print(table, *marts.execute(f"select count(*), {values} from {table}").fetchone(), sep=" | ")
"""


@pytest.fixture(scope="module")
def run(run_source: Callable[..., Run]) -> Run:
    return run_source("demo", as_of="2026-06-30")


@pytest.fixture(scope="module")
def purchase_days(run) -> pd.DataFrame:
    """Every true purchase day of every person, by the simulation's own account."""
    truth = pd.read_parquet(run.home.demo / "truth.parquet")
    buyers = truth[truth["kind"] == "buyer"]
    days = buyers[["person_id", "purchase_dates"]].explode("purchase_dates").drop_duplicates()
    return days.rename(columns={"purchase_dates": "day"})


def test_the_report_has_every_chart_that_needs_no_second_date(run: Run):
    report = Report(run.home.published / "report.html")
    drawn = {name for name, section in report.sections.items() if section.chart}
    assert drawn == {"rfm", "cohorts", "categories", "value", "prediction"}


def test_baskets_hold_what_was_kept(run: Run):
    assert_baskets(run)


def test_rules_equal_those_of_an_independent_implementation(run: Run):
    assert assert_published_rules(run, VARS["cross_sell_min_orders"]) > 0


def test_predicted_orders_come_true(run: Run, purchase_days: pd.DataFrame, tmp_path):
    """At ten dates, a month apart: orders predicted for 90 days, of everybody who had bought by then, are within 15 %
    of those that they then placed."""
    home = Home(shutil.copytree(run.home.folder, tmp_path / "home", symlinks=True))
    project = DbtProject(DBT_FOLDER, home, dbt_vars(load_source(Settings(source="demo"))), threads=2)
    errors = {}
    for number in range(10):
        as_of = run.as_of - timedelta(days=AHEAD + 30 * number)
        project.build(["int_purchase_history"], as_of.isoformat())
        with open_warehouse(home.warehouse) as warehouse:
            fitted, _ = write_prediction(warehouse, home.exchange, as_of, load_rules(DBT_FOLDER))
            (expected,) = warehouse.execute(EXPECTED.format(home.exchange), [as_of]).fetchone()
        assert fitted.orders_refusal is None
        buyers = purchase_days.loc[purchase_days["day"] <= as_of, "person_id"].unique()
        is_next = (purchase_days["day"] > as_of) & (purchase_days["day"] <= as_of + timedelta(days=AHEAD))
        errors[as_of] = expected / (is_next & purchase_days["person_id"].isin(buyers)).sum() - 1
    assert len(errors) == 10
    assert all(abs(error) <= 0.15 for error in errors.values()), errors


def test_chances_to_be_alive_hold_against_who_really_is(run: Run):
    """Of customers with a chance of 70 to 80 % about three quarters have not left, and so in every tenth."""
    truth = pd.read_parquet(run.home.demo / "truth.parquet")
    orders = run.query("select order_id, customer_key from fct_order where customer_key is not null")
    persons = truth[["is_alive", "order_ids"]].explode("order_ids").dropna()
    persons["order_id"] = persons["order_ids"].astype(str)
    chances = run.query("select customer_key, cast(probability_alive as double) as chance from seg_prediction")
    judged = persons.merge(orders, on="order_id").drop_duplicates("customer_key").merge(chances, on="customer_key")
    assert len(judged) > 0.98 * len(chances)
    by_tenth = judged.assign(alive=judged["is_alive"].astype(float)).groupby((judged["chance"] * 10).astype(int))
    shares = by_tenth.agg(alive=("alive", "mean"), chance=("chance", "mean"), customers=("alive", "size"))
    errors = (shares["alive"] - shares["chance"]).abs()
    # Three standard errors of a share, and what the fit itself may be off.
    allowed = 3 * (shares["chance"] * (1 - shares["chance"]) / shares["customers"]).pow(0.5) + 0.03
    assert (errors <= allowed).all(), shares


def test_the_planted_experiment_is_found(run: Run, run_source: Callable[..., Run], tmp_path):
    """Drawn on its eve and judged as of the last day: the intervals hold the orders that the send caused per customer
    drawn into the treatment, and not 0."""
    home = Path(shutil.copytree(run.home.folder, tmp_path / "home", symlinks=True))
    eve = run_source("demo", as_of=win_back.STARTS_ON - timedelta(days=1), home=home, job=RECOMPUTE).home
    with open_warehouse(eve.warehouse) as warehouse:
        rows = assign_and_judge(warehouse, eve, run.as_of, load_source(Settings(source="demo")).experiments)
    row = rows.set_index("segment").loc["(all)"]
    assert row["status"] == "complete"
    assert row["is_significant"]

    drawn = pd.read_parquet(eve.assignment("win_back")).query("arm == 'treatment'")
    truth = pd.read_parquet(run.home.demo / "truth.parquet").dropna(subset=["win_back_order_on"]).explode("order_ids")
    orders = run.query("select order_id, customer_key from fct_order").astype({"order_id": "int64"})
    caused = truth.merge(orders, left_on="order_ids", right_on="order_id").drop_duplicates("person_id")
    lift = caused["customer_key"].isin(drawn["customer_key"]).sum() / len(drawn)
    assert 0.02 < lift < 0.08
    for prefix in ("", "cuped_"):
        assert row[f"{prefix}interval_low"] < lift < row[f"{prefix}interval_high"]
        assert row[f"{prefix}interval_low"] > 0


@pytest.fixture(scope="module")
def older_python(request: pytest.FixtureRequest) -> Path:
    """A Python with the oldest DuckDB that publications are written for, kept in pytest's cache."""
    lock = Path(__file__).parents[1] / "duckdb_1_2.lock"
    folder = request.config.cache.mkdir("duckdb_1_2")
    python, stamp = folder / "bin" / "python", folder / lock.name
    if not stamp.exists() or stamp.read_text() != lock.read_text():
        venv.create(folder, clear=True, with_pip=True)
        install = ["-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", lock]
        subprocess.run([python, *install], check=True)
        stamp.write_text(lock.read_text())
    return python


def test_an_older_duckdb_reads_every_mart(run: Run, older_python: Path):
    said = [
        subprocess.run([python, "-c", code, *arguments], capture_output=True, text=True, check=True).stdout
        for python in (older_python, sys.executable)
        for code, arguments in (
            ("import duckdb; print(duckdb.__version__)", []),
            (READ_ALL, [run.home.published / "marts.duckdb"]),
        )
    ]
    assert said[0].startswith("1.2.") and not said[2].startswith("1.2.")
    assert said[1].count("\n") > 30
    assert said[1] == said[3]
