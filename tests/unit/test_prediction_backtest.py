"""The backtest's measures against scikit-learn, and what it says of dates at which it cannot judge."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_absolute_error, mean_poisson_deviance, roc_auc_score

from dagster_project.prediction.backtest import Ranking, backtest
from dagster_project.prediction.chart import backtest_picture
from dagster_project.prediction.fitting import HISTORY, SPENDING, fit
from dagster_project.prediction.rules import load_rules
from dagster_project.transform.project import DBT_FOLDER

RULES = load_rules(DBT_FOLDER)


def _shop(customers: int = 1_200) -> pd.DataFrame:
    """Rows of int_prediction_backtest: customers who buy at rates of their own for 400 days and some of whom left."""
    chance = np.random.default_rng(5)
    rate = chance.gamma(1.2, 1 / 40, customers)
    age = chance.integers(100, 400, customers)
    life = np.where(chance.random(customers) < 0.4, chance.uniform(0, age), age + 90)
    x = chance.poisson(rate * np.minimum(life, age))
    t_x = np.where(x > 0, (np.minimum(life, age) * chance.beta(x + 1, 1)).round(), 0).astype(int)
    upcoming = chance.poisson(rate * np.clip(life - age, 0, 90))
    value = chance.gamma(6, 10, customers).round(2)
    return pd.DataFrame(
        {
            "repeat_occasions": x,
            "btyd_recency_days": t_x,
            "btyd_age_days": age,
            "value_occasions": x + 1,
            "mean_occasion_value": value,
            "recent_repeat_occasions": chance.poisson(rate * 90),
            "days_since_last_order": age - t_x,
            "net_revenue": value * (x + 1),
            "rfm_sum": chance.integers(3, 16, customers),
            "next_occasions": upcoming,
            "next_net_revenue": (upcoming * value).round(2),
        }
    )


@pytest.fixture(scope="module")
def shop() -> pd.DataFrame:
    return _shop()


def _counted(shop: pd.DataFrame) -> list[pd.DataFrame]:
    """The shop's histories and values, each with its customers."""
    return [shop.groupby(columns).size().rename("customers").reset_index() for columns in (HISTORY, SPENDING)]


def _backtest(shop: pd.DataFrame, judged: int | None = None) -> pd.DataFrame:
    return backtest(*_counted(shop), shop.head(judged or len(shop)), RULES)


@pytest.fixture(scope="module")
def rows(shop) -> pd.DataFrame:
    return _backtest(shop)


@pytest.fixture(scope="module")
def values(rows) -> pd.Series:
    return rows[rows["decile"].isna()].set_index(["predictor", "measure"])["value"]


@pytest.fixture(scope="module")
def model(shop):
    return fit(*_counted(shop), RULES)


def test_the_area_under_the_curve_is_scikit_learns(shop, values, model):
    ordered = shop["next_occasions"] > 0
    history = [shop[name].to_numpy(float) for name in HISTORY]
    scores = {
        "model": model.orders.probability_of_order(*history, 90),
        "recency": -shop["days_since_last_order"],
        "past_spend": shop["net_revenue"],
        "rfm_sum": shop["rfm_sum"],
    }
    for predictor, score in scores.items():
        assert values[predictor, "auc"] == pytest.approx(roc_auc_score(ordered, score), abs=1e-12), predictor


def test_weights_count_as_repetitions(shop):
    weight = np.random.default_rng(1).integers(0, 3, len(shop))
    ordered = (shop["next_occasions"] > 0).to_numpy()
    found = Ranking.by(shop["rfm_sum"].to_numpy()).auc(ordered)(weight.astype(float))
    repeated = shop.loc[shop.index.repeat(weight)]
    assert found == pytest.approx(roc_auc_score(repeated["next_occasions"] > 0, repeated["rfm_sum"]), abs=1e-12)


def test_errors_are_those_of_scikit_learn(shop, values, model):
    actual = shop["next_occasions"]
    history = [shop[name].to_numpy(float) for name in HISTORY]
    for predictor, predicted in {
        "model": model.orders.expected_orders(*history, 90),
        "mean": np.full(len(shop), shop["recent_repeat_occasions"].mean()),
    }.items():
        assert values[predictor, "bias"] == pytest.approx(predicted.sum() / actual.sum() - 1)
        assert values[predictor, "mean_absolute_error"] == pytest.approx(mean_absolute_error(actual, predicted))
        assert values[predictor, "poisson_deviance"] == pytest.approx(mean_poisson_deviance(actual, predicted))


def test_the_best_tenth_captures_what_its_customers_brought(shop, values):
    best = shop.sort_values("net_revenue", ascending=False).head(len(shop) // 10)
    for measure, column in (("top_decile_orders", "next_occasions"), ("top_decile_revenue", "next_net_revenue")):
        assert values["past_spend", measure] == pytest.approx(best[column].sum() / shop[column].sum())


def test_customers_who_share_a_place_are_in_the_best_tenth_in_part():
    """Of four equal customers in the first fifth, half fit into the best tenth: it captures half of theirs."""
    score = np.array([9.0] * 4 + [1.0] * 16)
    amount = np.array([10.0] * 4 + [2.5] * 16)
    assert Ranking.by(score).captured(amount)(np.ones(20)) == pytest.approx(20 / 80)


def test_intervals_hold_their_value_and_narrow_with_more_customers(rows):
    measured = rows[rows["decile"].isna()]
    assert ((measured["interval_low"] <= measured["value"]) & (measured["value"] <= measured["interval_high"])).all()

    def width(found: pd.DataFrame) -> float:
        row = found.set_index(["predictor", "measure"]).loc["model", "auc"]
        return row["interval_high"] - row["interval_low"]

    many = _backtest(_shop(4_800))
    assert width(many[many["decile"].isna()]) < 0.75 * width(measured)


def test_deciles_hold_everybody_and_add_up_to_the_bias(rows, shop, values):
    deciles = rows[rows["decile"].notna()]
    predicted, actual = (deciles[deciles["measure"] == f"{name}_orders"] for name in ("predicted", "actual"))
    assert predicted["decile"].tolist() == actual["decile"].tolist() == list(range(1, 11))
    assert predicted["customers"].sum() == len(shop)
    assert predicted["value"].is_monotonic_decreasing
    sums = [(frame["value"] * frame["customers"]).sum() for frame in (predicted, actual)]
    assert sums[1] == pytest.approx(shop["next_occasions"].sum())
    assert sums[0] / sums[1] - 1 == pytest.approx(values["model", "bias"])


def test_the_same_rows_give_the_same_intervals(shop, rows):
    pd.testing.assert_frame_equal(_backtest(shop), rows)


def test_a_date_with_too_little_is_one_row_with_the_reason(shop):
    refused = _backtest(shop.head(300))
    assert refused[["predictor", "measure", "customers", "refusal"]].to_numpy().tolist() == [
        ["model", "refused", 300, "the shop has 300 buyers and needs 500"]
    ]
    assert refused["value"].isna().all()


def test_nobody_who_orders_leaves_measures_undefined_and_no_failure(shop):
    found = _backtest(shop.assign(next_occasions=0, next_net_revenue=0.0))
    by_name = found[found["decile"].isna()].set_index(["predictor", "measure"])["value"]
    assert np.isnan(by_name["model", "auc"])
    assert np.isnan(by_name["model", "top_decile_revenue"])
    assert by_name["model", "mean_absolute_error"] > 0


def test_whoever_is_rightly_given_up_does_not_undo_the_measures(shop):
    """So long silent that the chance to be alive is 0 in every digit, and nothing came."""
    silent = shop.head(1).assign(repeat_occasions=700, btyd_recency_days=720, btyd_age_days=3_600, next_occasions=0)
    found = _backtest(pd.concat([shop, silent.assign(next_net_revenue=0.0)]))
    measured = found[found["decile"].isna()]
    assert measured[["value", "interval_low", "interval_high"]].notna().all(axis=None)


def test_a_sample_is_judged_by_the_model_of_all(shop, rows, model):
    sample = _backtest(shop, judged=700)
    values = sample[sample["decile"].isna()].set_index(["predictor", "measure"])
    assert set(values["customers"]) == {700}
    some = shop.head(700)
    predicted = model.orders.expected_orders(*(some[name].to_numpy(float) for name in HISTORY), 90)
    error = mean_absolute_error(some["next_occasions"], predicted)
    assert values.loc[("model", "mean_absolute_error"), "value"] == pytest.approx(error)


def test_the_picture_is_one(rows):
    picture = backtest_picture(rows)
    assert picture.startswith(b"\x89PNG")
    assert len(picture) > 10_000
