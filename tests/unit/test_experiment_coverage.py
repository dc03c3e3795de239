"""Over a thousand draws of the same customers intervals hold the planted truth as often as they say.

The customers are the simulated shop's, with what they spent before and after a day; only the draw differs from one run
to the next. Each statistic by itself is tested in test_experiment_analysis.py.
"""

from collections import defaultdict
from datetime import date

import numpy as np
import pandas as pd
import pytest

from dagster_project.demo.clock import Clock, Simulation
from dagster_project.demo.world import build
from dagster_project.experiments.assignment import arm_of
from dagster_project.experiments.config import Experiment
from dagster_project.experiments.results import compare

RUNS = 1_000
START_DAY, HORIZON_DAYS, PRE_DAYS = 400, 56, 90
EXPERIMENT = Experiment(
    name="run",
    segment="vip",
    arms={"control": 0.5, "treatment": 0.5},
    unit="email",
    start=date(2025, 8, 5),
    metric="net_revenue",
    horizon_days=HORIZON_DAYS,
)


@pytest.fixture(scope="module")
def customers() -> pd.DataFrame:
    """Everybody who had ordered before the day: e-mail, orders and revenue after it, and spend before it."""
    simulation = Simulation(seed=5, customers=2_400, start=date(2024, 7, 1), end=date(2026, 6, 30))
    clock = Clock(simulation.start, simulation.start.replace(year=2025, month=9, day=30), "Europe/Berlin")
    world = build(simulation, clock)
    start, end = clock.midnight(START_DAY), clock.midnight(START_DAY + HORIZON_DAYS)
    before = clock.midnight(START_DAY - PRE_DAYS)
    spent: dict[str, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for order in world.orders:
        if order.person:
            amount = sum(line.paid_excluding_tax for line in order.basket.lines if line.is_goods) / 100
            spent["pre_spend"][order.person.index] += amount * (before <= order.placed_at < start)
            spent["net_revenue"][order.person.index] += amount * (start <= order.placed_at < end)
    known = [life.person for life in world.lives if life.purchases and life.purchases[0] < START_DAY]
    return pd.DataFrame(
        {
            "email": person.email,
            "net_revenue": spent["net_revenue"][person.index],
            "converted": float(spent["net_revenue"][person.index] > 0),
            "pre_spend": spent["pre_spend"][person.index],
            "basket": person.basket_cents / 100,
        }
        for person in known
    )


@pytest.fixture(scope="module")
def draws(customers) -> list[np.ndarray]:
    """The arms of all customers, run by run."""
    named = [EXPERIMENT.model_copy(update={"name": f"run_{number}"}) for number in range(RUNS)]
    return [np.array([arm_of(one, email) for email in customers["email"]], object) for one in named]


def _rows(customers: pd.DataFrame, draws: list[np.ndarray], metric: str, lift: np.ndarray) -> pd.DataFrame:
    """What the analysis says run by run, where whoever is treated has the lift on top."""
    experiment = EXPERIMENT.model_copy(update={"metric": metric})
    own, before = customers[metric].to_numpy(), customers["pre_spend"].to_numpy()
    return pd.DataFrame(
        compare(
            experiment,
            "treatment",
            pd.DataFrame({"arm": arm, "outcome": own + lift * (arm == "treatment"), "pre_spend": before}),
        )
        for arm in draws
    )


@pytest.fixture(scope="module", params=["net_revenue", "converted"])
def planted(request, customers, draws) -> tuple[pd.DataFrame, float]:
    """A thousand runs with a planted lift, and its mean over all customers.

    One in twelve orders once more because of the send; of conversion that counts for those who would not have ordered.
    """
    is_moved = np.random.default_rng(1).random(len(customers)) < 1 / 12
    moved = {"net_revenue": customers["basket"], "converted": customers["net_revenue"] == 0}
    lift = (is_moved * moved[request.param]).to_numpy(float)
    return _rows(customers, draws, request.param, lift), lift.mean()


@pytest.fixture(scope="module", params=["net_revenue", "converted"])
def untreated(request, customers, draws) -> pd.DataFrame:
    return _rows(customers, draws, request.param, np.zeros(len(customers)))


@pytest.mark.parametrize("prefix", ["", "cuped_"])
def test_intervals_hold_the_planted_lift_in_95_of_100_runs(planted, prefix):
    rows, lift = planted
    holds = (rows[f"{prefix}interval_low"] <= lift) & (lift <= rows[f"{prefix}interval_high"])
    assert 0.93 <= holds.mean() <= 0.97
    assert rows[f"{prefix}difference"].mean() == pytest.approx(
        lift, abs=3 * rows[f"{prefix}difference"].std() / RUNS**0.5
    )


@pytest.mark.parametrize("prefix", ["", "cuped_"])
def test_without_any_lift_5_of_100_runs_claim_one(untreated, prefix):
    claims = untreated[f"{prefix}p_value"] < 0.05
    assert 0.04 <= claims.mean() <= 0.06


def test_cuped_differs_less_from_run_to_run(customers, draws):
    rows = _rows(customers, draws[:300], "net_revenue", np.zeros(len(customers)))
    assert rows["cuped_difference"].std() < 0.97 * rows["difference"].std()
    assert rows["variance_reduction"].between(0, 1).all()
