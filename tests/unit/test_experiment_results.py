"""What is told of an experiment and when: outcomes, verdicts, people found to be one. On a small warehouse of its own.

The statistics are tested in test_experiment_analysis.py, who is drawn in test_experiment_assignment.py, whole runs in
tests/integration/test_daily_runs.py and test_full_demo.py.
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from experiment_shop import END, EVE, EXPERIMENT, START, TOLD, Shop, simulated_days
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestIndPower

from dagster_project.experiments.results import assign_and_judge


@pytest.fixture(scope="module")
def days() -> pd.DataFrame:
    return simulated_days()


@pytest.fixture
def shop(tmp_path: Path, days: pd.DataFrame) -> Iterator[Shop]:
    made = Shop(tmp_path, days)
    yield made
    made.warehouse.close()


def _expected_people(shop: Shop, days: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Outcome and spend before of everybody drawn, by pandas."""
    people = shop.drawn().copy()
    start, end = pd.Timestamp(START), pd.Timestamp(END)
    then = days[days["order_date"].between(start, end) & (days["effective_date"] <= end)]
    before = days[days["order_date"].between(start - pd.Timedelta(days=90), start, inclusive="left")]
    before = before[before["effective_date"] < start]
    by_day = then.groupby(["customer_key", "order_date"])["orders"].sum().gt(0).astype(float)
    outcome = {
        "net_revenue": then.groupby("customer_key")["net_amount"].sum(),
        "orders": then.groupby("customer_key")["orders"].sum(),
        "occasions": by_day.groupby("customer_key").sum(),
        "converted": by_day.groupby("customer_key").max(),
    }[metric]
    people["outcome"] = outcome.reindex(people.index).fillna(0).astype(float)
    people["before"] = before.groupby("customer_key")["net_amount"].sum().reindex(people.index).fillna(0)
    return people


def test_without_a_run_on_the_eve_nobody_is_drawn(shop):
    for as_of in (START, END, END + timedelta(days=100)):
        row = shop.judge(as_of).loc["(all)"]
        assert row["status"] == "not_assigned"
        assert row["reason"] == (
            "no run was made for 2026-03-01, the day before it starts, with this experiment: recompute that date"
        )
        assert row[["control_customers", *TOLD]].isna().all()
    assert not shop.home.assignment("spring").exists()


def test_before_the_eve_it_waits(shop):
    row = shop.judge(EVE - timedelta(days=1)).loc["(all)"]
    assert row["status"] == "waiting"
    assert "by the run for 2026-03-01" in row["reason"]
    assert not shop.home.assignment("spring").exists()


@pytest.mark.parametrize(
    ("as_of", "status"), [(EVE, "waiting"), (START, "running"), (END - timedelta(days=1), "running")]
)
def test_nobody_peeks(shop, as_of, status):
    """Before the last day is over sizes are told and no outcome, which is not even read."""
    shop.judge(EVE)
    shop.warehouse.execute("drop table core.fct_customer_daily")
    rows = shop.judge(as_of)
    assert set(rows["status"]) == {status}
    assert rows[TOLD].isna().all(axis=None)
    drawn = shop.drawn()
    assert rows.loc["(all)", "control_customers"] == (drawn["arm"] == "control").sum()
    assert rows.loc["country:DE", "arm_customers"] == (drawn[drawn["split_value"] == "DE"]["arm"] == "treatment").sum()
    assert rows["is_sample_ratio_ok"].all()


def test_a_complete_result_never_changes(shop):
    shop.judge(EVE)
    then, later = shop.judge(END), shop.judge(END + timedelta(days=31))
    pd.testing.assert_frame_equal(then.drop(columns="as_of_date"), later.drop(columns="as_of_date"))


@pytest.mark.parametrize("metric", ["net_revenue", "orders", "occasions", "converted"])
def test_outcomes_are_those_of_the_days_that_count(shop, days, metric):
    experiment = EXPERIMENT.model_copy(update={"metric": metric})
    shop.judge(EVE, experiment)
    rows, people = shop.judge(END, experiment), _expected_people(shop, days, metric)
    groups = {"(all)": people, "country:DE": people[people["split_value"] == "DE"]}
    groups["country:(none)"] = people[people["split_value"].isna()]
    for segment, group in groups.items():
        treated, control = (group[group["arm"] == arm] for arm in ("treatment", "control"))
        row = rows.loc[segment]
        assert row["control_mean"] == pytest.approx(control["outcome"].mean())
        assert row["difference"] == pytest.approx(treated["outcome"].mean() - control["outcome"].mean())
        pooled = sum(((arm["before"] - arm["before"].mean()) ** 2).sum() for arm in (treated, control))
        shared = sum(((arm["before"] - arm["before"].mean()) * arm["outcome"]).sum() for arm in (treated, control))
        assert row["cuped_theta"] == pytest.approx(shared / pooled)
    assert people["outcome"].nunique() > 1


# The verdict


@pytest.fixture
def judged(shop, days) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The rows of a complete experiment, and its people by pandas."""
    shop.judge(EVE)
    return shop.judge(END), _expected_people(shop, days, "net_revenue")


def test_holm_is_over_the_values_of_the_label_and_everybody_stands_alone(judged):
    rows, _ = judged
    values = rows.drop(index="(all)")
    assert len(values) == 3
    expected = multipletests(values["cuped_p_value"], method="holm")[1]
    assert values["holm_p_value"].tolist() == pytest.approx(expected.tolist())
    assert rows.loc["(all)", "holm_p_value"] == rows.loc["(all)", "cuped_p_value"]


def test_holm_is_over_the_arms_for_everybody(shop):
    experiment = EXPERIMENT.model_copy(update={"arms": {"a": 0.3, "b": 0.3, "control": 0.4}, "pre_days": 0})
    shop.judge(EVE, experiment)
    rows = shop.judge(END, experiment)
    everybody = rows.loc[["(all)"]]
    assert everybody["arm"].tolist() == ["a", "b"]
    assert rows["cuped_p_value"].isna().all()
    expected = multipletests(everybody["p_value"], method="holm")[1]
    assert everybody["holm_p_value"].tolist() == pytest.approx(expected.tolist())


def test_too_few_customers_are_called_underpowered(judged):
    rows, people = judged
    row, control = rows.loc["(all)"], people[people["arm"] == "control"]
    adjusted = control["outcome"] - row["cuped_theta"] * control["before"]
    size = 0.1 * control["outcome"].mean() / adjusted.std()
    needed = int(np.ceil(TTestIndPower().solve_power(size, alpha=0.05, power=0.8)))
    assert row["customers_needed"] == needed
    assert row["is_underpowered"]
    assert row["verdict"] == (
        f"underpowered: no difference found, but to show one of 10% the smaller arm needs {needed:,} customers"
    )


def test_an_effect_is_said_in_words(shop):
    shop.judge(EVE)
    shop.treat(50.0)
    row = shop.judge(END).loc["(all)"]
    assert row["is_significant"]
    assert row["cuped_interval_low"] < row["cuped_difference"] < row["cuped_interval_high"]
    assert row["verdict"].startswith(
        f"treatment brought {row['cuped_difference']:.4g} net revenue per customer more than control"
    )


def test_enough_customers_and_no_difference(shop):
    experiment = EXPERIMENT.model_copy(update={"minimum_effect": 5.0})
    shop.judge(EVE, experiment)
    assert shop.judge(END, experiment).loc["(all)", "verdict"] == (
        "no difference found, with customers enough to show one of 500% four times out of five"
    )


def test_arms_without_any_outcome_have_a_verdict(shop):
    shop.judge(EVE)
    shop.warehouse.execute("delete from core.fct_customer_daily")
    row = shop.judge(END).loc["(all)"]
    assert row["difference"] == 0
    assert row[["p_value", "holm_p_value", "cuped_difference", "customers_needed"]].isna().all()
    assert row["verdict"].startswith("no difference found; nothing to measure an effect by")


def test_a_segment_of_nobody_has_no_result(shop):
    shop.judge(EVE, EXPERIMENT.model_copy(update={"segment": "country:XX"}))
    row = shop.judge(END, EXPERIMENT.model_copy(update={"segment": "country:XX"})).loc["(all)"]
    assert row["control_customers"] == row["arm_customers"] == 0
    assert row["verdict"].startswith("too few customers")


def test_arms_that_do_not_fit_their_shares_are_not_to_be_trusted(shop):
    """Half of the treated are lost after the draw, as when a sender's list was cut."""
    shop.judge(EVE)
    file = shop.home.assignment("spring")
    definition = EXPERIMENT.model_dump_json()
    shop.warehouse.execute(f"""
        create table kept as
        select * from '{file}' where arm = 'control' or hash(customer_key) % 2 > 0 order by customer_key
    """)
    file.unlink()
    shop.warehouse.execute(f"copy kept to '{file}' (format parquet, kv_metadata {{experiment: '{definition}'}})")
    counts = shop.drawn()["arm"].value_counts()
    expected = stats.chisquare([counts["control"], counts["treatment"]]).pvalue
    assert expected < 0.001
    shop.treat(500.0)
    for as_of in (START, END):
        row = shop.judge(as_of).loc["(all)"]
        assert row["sample_ratio_p_value"] == pytest.approx(expected)
        assert not row["is_sample_ratio_ok"]
        assert "the sizes of the arms do not fit their shares" in row["reason"]
    assert row["verdict"].startswith("not to be trusted")
    assert row["holm_p_value"] < 0.001
    assert not row["is_significant"]


# After merges


def test_people_found_to_be_one_count_once_in_the_arm_of_the_smallestkey(shop, days):
    shop.judge(EVE)
    by_arm = {arm: group.index.tolist() for arm, group in shop.drawn().groupby("arm")}
    across = sorted([by_arm["control"][0], by_arm["treatment"][0]])
    within = by_arm["control"][5:7]
    # The survivor's key is one that nobody was drawn by, or the larger of the two.
    redirects = [(across[0], "survivor"), (across[1], "survivor"), (within[0], within[1])]
    shop.warehouse.executemany("insert into core.int_customer_redirect values (?, ?)", redirects)
    shop.warehouse.executemany(
        "update core.fct_customer_daily set customer_key = $2 where customer_key = $1", redirects
    )
    row = shop.judge(END).loc["(all)"]
    assert (row["merged_customers"], row["merged_across_arms"]) == (2, 1)
    arm_of_survivor = shop.drawn().loc[across[0], "arm"]
    lost = {"control": 1 + (arm_of_survivor == "treatment"), "treatment": arm_of_survivor == "control"}
    assert row["control_customers"] == len(by_arm["control"]) - lost["control"]
    assert row["arm_customers"] == len(by_arm["treatment"]) - lost["treatment"]

    own = _expected_people(shop, days, "net_revenue")["outcome"]
    control = own[by_arm["control"]].drop([key for key in across if key in own[by_arm["control"]]])
    control = control.sum() + (own[across].sum() if arm_of_survivor == "control" else 0)
    assert row["control_mean"] == pytest.approx(control / row["control_customers"])


# No experiments


def test_a_shop_without_experiments_has_no_rows(shop):
    rows = assign_and_judge(shop.warehouse, shop.home, END, [])
    assert rows.empty
    assert {"experiment", "status", "verdict"} <= set(rows.columns)
