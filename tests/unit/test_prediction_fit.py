"""The probability model's parameters: published ones, those of simulated customers, and fits that are refused."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime

from dagster_project.prediction import buying, likelihood, spending
from dagster_project.prediction.buying import Histories
from dagster_project.prediction.fitting import HISTORY, SPENDING, fit
from dagster_project.prediction.rules import load_rules
from dagster_project.prediction.spending import Spendings
from dagster_project.settings import PROJECT_FOLDER
from dagster_project.transform.project import DBT_FOLDER

RULES = load_rules(DBT_FOLDER)
FIT = """
import sys, numpy, pandas
from dagster_project.prediction import buying, spending
x, t_x, T = (column.to_numpy() for _, column in pandas.read_parquet(sys.argv[1]).items())
one = numpy.ones(len(x))
print(buying.fit("mbg_nbd", buying.Histories(x, t_x, T, one))[0])
print(spending.fit(spending.Spendings(x + 1, T + 1, one))[0])
"""


@pytest.fixture(scope="module")
def cdnow() -> pd.DataFrame:
    """The CDNOW 1/10 sample, weeks: x, t_x, T and, of repeat purchases, the mean value (zbar)."""
    data = Path(find_spec("lifetimes").origin).parent / "datasets"
    return pd.read_csv(data / "cdnow_customers_summary_with_transactions.csv")


def _histories(rows: pd.DataFrame) -> Histories:
    unique = rows.groupby(["x", "t_x", "T"]).size().reset_index(name="customers")
    return Histories(*(unique[name].to_numpy(float) for name in ("x", "t_x", "T", "customers")))


@pytest.mark.parametrize(
    ("process", "published"),
    [("bg_nbd", (0.243, 4.414, 0.793, 2.426)), ("mbg_nbd", (0.525, 6.183, 0.891, 1.614))],
)
def test_parameters_of_cdnow_are_the_published_ones(cdnow, process, published):
    model, maximum = buying.fit(process, _histories(cdnow))
    assert [round(value, 3) for value in (model.r, model.alpha, model.a, model.b)] == list(published)
    assert maximum.refusal is None
    if process == "bg_nbd":
        assert round(maximum.mean_log_likelihood * len(cdnow), 1) == -9582.4


def test_spending_of_cdnow_is_the_published_one(cdnow):
    repeaters = cdnow[cdnow["x"] > 0]
    spendings = Spendings(repeaters["x"].to_numpy(float), repeaters["zbar"].to_numpy(), np.ones(len(repeaters)))
    model, maximum = spending.fit(spendings)
    # The greatest likelihood is at v = 15.448; the published 15.44 is 0.008 below it.
    assert (model.p, model.q, model.v) == pytest.approx((6.25, 3.74, 15.44), abs=0.01)
    assert maximum.refusal is None


@pytest.mark.parametrize("process", ["mbg_nbd", "bg_nbd"])
@pytest.mark.parametrize("parameters", [(0.5, 6.0, 0.9, 1.6), (2.0, 30.0, 0.1, 4.0), (0.1, 1.0, 3.0, 0.5)])
def test_the_slopes_of_buying_are_those_of_its_likelihood(cdnow, process, parameters):
    evaluate = buying._likelihood(process, _histories(cdnow))
    numeric = approx_fprime(np.array(parameters), lambda at: evaluate(at)[0], 1e-7)
    assert evaluate(np.array(parameters))[1] == pytest.approx(numeric, abs=1e-5, rel=1e-5)


def test_the_slopes_of_spending_are_those_of_its_likelihood(cdnow):
    repeaters = cdnow[cdnow["x"] > 0]
    evaluate = spending._likelihood(
        Spendings(repeaters["x"].to_numpy(float), repeaters["zbar"].to_numpy(), np.ones(len(repeaters)))
    )
    for parameters in ((6.0, 4.0, 15.0), (1.0, 2.0, 40.0)):
        numeric = approx_fprime(np.array(parameters), lambda at: evaluate(at)[0], 1e-7)
        assert evaluate(np.array(parameters))[1] == pytest.approx(numeric, abs=1e-5, rel=1e-5)


def simulated(process: str, customers: int, r: float, alpha: float, a: float, b: float, seed: int = 20) -> pd.DataFrame:
    """x, t_x and T of customers who live as the process says, each seen for up to three years."""
    chance = np.random.default_rng(seed)
    age = chance.uniform(0, 1_095, customers)
    rate, dropout = chance.gamma(r, 1 / alpha, customers), chance.beta(a, b, customers)
    x, t_x = np.zeros(customers), np.zeros(customers)
    alive = chance.random(customers) >= dropout if process == "mbg_nbd" else np.ones(customers, dtype=bool)
    moment = np.zeros(customers)
    while alive.any():
        moment = moment + chance.exponential(1 / rate)
        alive = alive & (moment < age)
        x, t_x = x + alive, np.where(alive, moment, t_x)
        alive = alive & (chance.random(customers) >= dropout)
    return pd.DataFrame({"x": x, "t_x": t_x, "T": age})


@pytest.mark.parametrize("process", ["mbg_nbd", "bg_nbd"])
def test_parameters_of_simulated_customers_are_found_again(process):
    planted = (1.1, 42.0, 0.9, 3.0)
    rows = simulated(process, 400_000, *planted)
    model, maximum = buying.fit(process, Histories(*(rows[name].to_numpy() for name in rows), np.ones(len(rows))))
    assert maximum.refusal is None
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx(planted, rel=0.03)


@pytest.mark.parametrize(("a", "b"), [(1e-9, 1.0), (500.0, 9_500.0), (1.0, 1_000.0)])
def test_a_shop_whose_customers_leave_alike_or_never_is_predicted(a, b):
    """There a and b have no best value, only a/(a+b) has: what is predicted must still be right."""
    for seed in range(3):
        rows = simulated("mbg_nbd", 3_000, 1.1, 42.0, a, b, seed)
        model, maximum = buying.fit("mbg_nbd", Histories(*(rows[name].to_numpy() for name in rows), np.ones(len(rows))))
        assert maximum.refusal is None
        assert model.a / (model.a + model.b) == pytest.approx(a / (a + b), abs=0.01)


def test_parameters_do_not_depend_on_the_number_of_threads(tmp_path):
    """More histories than a threaded product of vectors begins with, fitted in processes of 1 and of 2 threads."""
    simulated("mbg_nbd", 60_000, 1.1, 42.0, 0.9, 3.0).to_parquet(tmp_path / "histories.parquet")
    found = [
        subprocess.run(
            [sys.executable, "-c", FIT, str(tmp_path / "histories.parquet")],
            env={**os.environ, "OPENBLAS_NUM_THREADS": threads, "PYTHONPATH": str(PROJECT_FOLDER)},
            check=True, capture_output=True, text=True,
        ).stdout
        for threads in ("1", "2")
    ]  # fmt: skip
    assert found[0] == found[1]
    assert "BuyingModel" in found[0]
    assert "SpendingModel" in found[0]


def test_parameters_of_simulated_spending_are_found_again():
    planted, chance = (6.25, 3.74, 15.44), np.random.default_rng(21)
    p, q, v = planted
    occasions = chance.integers(1, 12, 300_000).astype(float)
    means = chance.gamma(p * occasions, 1 / (chance.gamma(q, 1 / v, len(occasions)) * occasions))
    model, maximum = spending.fit(Spendings(occasions, means, np.ones(len(occasions))))
    assert maximum.refusal is None
    assert (model.p, model.q, model.v) == pytest.approx(planted, rel=0.03)


def test_customers_with_one_history_are_fitted_as_one_row(cdnow):
    alone = Histories(*(cdnow[name].to_numpy(float) for name in ("x", "t_x", "T")), np.ones(len(cdnow)))
    together = _histories(cdnow)
    assert len(together.x) < len(alone.x)
    first, second = (buying.fit("mbg_nbd", histories)[0] for histories in (alone, together))
    assert (first.r, first.alpha, first.a, first.b) == pytest.approx(
        (second.r, second.alpha, second.a, second.b), rel=1e-4
    )


def _shop(cdnow: pd.DataFrame, **changed) -> tuple[pd.DataFrame, pd.DataFrame]:
    """What `fit` reads, of a shop with the customers of CDNOW seen by the day."""
    rows = pd.DataFrame(
        {
            "repeat_occasions": cdnow["x"],
            "btyd_recency_days": (cdnow["t_x"] * 7).round().astype(int),
            "btyd_age_days": (cdnow["T"] * 7).round().astype(int),
            "value_occasions": cdnow["x"] + 1,
            "mean_occasion_value": cdnow["zbar"].where(
                cdnow["zbar"] > 0, np.random.default_rng(2).permutation(cdnow["zbar"].clip(lower=5))
            ),
        }
    ).assign(**changed)
    return tuple(rows.groupby(columns).size().rename("customers").reset_index() for columns in (HISTORY, SPENDING))


def test_a_shop_that_the_model_fits_is_predicted(cdnow):
    fitted = fit(*_shop(cdnow), RULES)
    assert (fitted.orders_refusal, fitted.value_refusal) == (None, None)
    assert (fitted.buyers, fitted.repeaters) == (len(cdnow), int((cdnow["x"] > 0).sum()))
    assert fitted.value_correlation == pytest.approx(
        np.corrcoef(*cdnow.loc[cdnow["x"] > 0, ["x", "zbar"]].to_numpy().T)[0, 1]
    )


def test_too_little_is_refused_with_what_is_missing(cdnow):
    def refusal(rows: pd.DataFrame) -> str | None:
        return fit(*_shop(rows), RULES).orders_refusal

    enough = cdnow.tail(500)
    assert (enough["x"] >= 2).sum() >= RULES.prediction_min_frequent_buyers
    assert refusal(enough) is None
    assert refusal(enough.tail(499)) == "the shop has 499 buyers and needs 500"
    assert refusal(cdnow.assign(t_x=0.0, x=0)) == "0.0% of the buyers came back and 5.0% have to"
    assert refusal(cdnow.assign(x=cdnow["x"].clip(upper=1))) == "0 buyers have 3 occasions or more and 50 have to"
    young = cdnow.assign(T=cdnow["T"].clip(upper=179 / 7), t_x=cdnow["t_x"].clip(upper=179 / 7))
    assert refusal(young) == "the first order is 179 days ago and has to be 180"
    assert refusal(cdnow.head(0)) == "the shop has 0 buyers and needs 500"


def test_data_that_do_not_follow_the_model_are_refused(cdnow):
    """Everybody orders thrice, at the same distances: no rate differs from another."""
    fitted = fit(*_shop(cdnow.assign(x=2, t_x=20.0, T=30.0)), RULES)
    assert fitted.orders_refusal == "the fit ended at the bound of a parameter: the data do not follow the model"


def test_a_fit_that_is_not_finished_is_refused(cdnow, monkeypatch):
    monkeypatch.setattr(likelihood, "MOST_STEPS", 2)
    fitted = fit(*_shop(cdnow), RULES)
    assert fitted.orders_refusal == "the fit did not converge"
    assert not fitted.columns()["has_converged"]


def test_value_that_depends_on_how_often_people_buy_is_refused(cdnow):
    fitted = fit(*_shop(cdnow, mean_occasion_value=10.0 * (cdnow["x"] + 1)), RULES)
    assert fitted.orders_refusal is None
    assert fitted.value_refusal.startswith("what an occasion brings depends on how often people buy (correlation 1.00")


def test_value_without_a_mean_over_customers_is_refused(cdnow):
    """Means over customers that are distributed so widely (q = 0.6) that their own mean is infinite."""
    chance, occasions = np.random.default_rng(3), cdnow["x"] + 1
    means = chance.gamma(6 * occasions, 1 / (chance.gamma(0.6, 1 / 15, len(cdnow)) * occasions))
    fitted = fit(*_shop(cdnow, mean_occasion_value=means), RULES)
    assert fitted.value_refusal.startswith("the mean value of an occasion is unbounded over customers (q = 0.")
