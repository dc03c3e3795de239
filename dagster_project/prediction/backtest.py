"""How well the model would have done at earlier dates, beside simple ways of predicting: fits, compares, counts.

Reads frames of one date and gives its rows of prediction_backtest. Where the frames come from (assets.py) and how a
picture is made of the rows (chart.py) does not belong here.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.prediction.fitting import HISTORY, SPENDING, Fitted, fit
from dagster_project.prediction.rules import Rules

if TYPE_CHECKING:
    import pandas
    from numpy import ndarray

TOP_SHARE = 0.1
DECILES = 10
INTERVAL = (2.5, 97.5)
SEED = 0
MEASURED = ["predictor", "measure", "decile", "customers", "value", "interval_low", "interval_high", "refusal"]

# From customers' weights to a number.
Measure = Callable[["ndarray"], float]


@dataclass(frozen=True)
class Ranking:
    """Customers in the order of a score, the lowest first; those with equal scores share a place."""

    place: "ndarray"

    @classmethod
    def by(cls, score: "ndarray") -> "Ranking":
        import numpy

        return cls(numpy.unique(score, return_inverse=True)[1])

    def auc(self, has_ordered: "ndarray") -> Measure:
        """The chance that somebody who ordered stands above somebody who did not; a shared place counts half."""
        import numpy

        def measure(weight: "ndarray") -> float:
            ordered = numpy.bincount(self.place, weight * has_ordered)
            others = numpy.bincount(self.place, weight * ~has_ordered)
            below = numpy.cumsum(others) - others
            return _share((ordered * (below + others / 2)).sum(), ordered.sum() * others.sum())

        return measure

    def captured(self, amount: "ndarray") -> Measure:
        """The share of an amount that the best tenth brought; of a place that is only partly in it, that part."""
        import numpy

        def measure(weight: "ndarray") -> float:
            customers = numpy.bincount(self.place, weight)[::-1]
            amounts = numpy.bincount(self.place, weight * amount)[::-1]
            room = TOP_SHARE * weight.sum() - (numpy.cumsum(customers) - customers)
            part = numpy.clip(room / numpy.where(customers > 0, customers, 1), 0, 1)
            return _share((part * amounts).sum(), amounts.sum())

        return measure


def backtest(
    histories: "pandas.DataFrame", values: "pandas.DataFrame", judged: "pandas.DataFrame", rules: Rules
) -> "pandas.DataFrame":
    """Judge the model at one earlier date: the columns of prediction_backtest from `predictor` on.

    It is fitted on `histories` and `values` (see fitting.fit) and judged on the rows of int_prediction_backtest in
    `judged`, which are in a fixed order.
    """
    import pandas

    fitted = fit(histories, values, rules)
    if fitted.orders_refusal is not None:
        refused = {"predictor": "model", "measure": "refused", "customers": fitted.buyers}
        return pandas.DataFrame([{**refused, "refusal": fitted.orders_refusal}], columns=MEASURED)
    expected = _expected(fitted, judged, rules)
    rows = [*_measured(_measures(judged, expected), len(judged), rules), *_calibration(judged, expected["orders"])]
    return pandas.DataFrame(rows, columns=MEASURED)


def _expected(fitted: Fitted, judged: "pandas.DataFrame", rules: Rules) -> Mapping[str, "ndarray"]:
    """What the model expects of each customer: orders, chance of an order and, unless refused, revenue."""
    history = [judged[name].to_numpy(float) for name in HISTORY]
    expected = {
        "orders": fitted.orders.expected_orders(*history, rules.backtest_days),
        "chance": fitted.orders.probability_of_order(*history, rules.backtest_days),
    }
    if fitted.value_refusal is None:
        occasions, mean_value = (judged[name].fillna(0).to_numpy(float) for name in SPENDING)
        expected["revenue"] = expected["orders"] * fitted.value.expected_value(occasions, mean_value)
    return expected


def _measures(judged: "pandas.DataFrame", expected: Mapping[str, "ndarray"]) -> Mapping[tuple[str, str], Measure]:
    """Each measure by predictor and name."""
    import numpy

    orders = judged["next_occasions"].to_numpy(float)
    revenue = judged["next_net_revenue"].to_numpy(float)
    mean = numpy.full(len(judged), judged["recent_repeat_occasions"].mean())
    measures = {
        **_compared("model", expected["orders"], orders),
        **_compared("mean", mean, orders),
        ("model", "auc"): Ranking.by(expected["chance"]).auc(orders > 0),
        ("model", "top_decile_orders"): Ranking.by(expected["orders"]).captured(orders),
        ("model", "top_decile_revenue"): Ranking.by(expected.get("revenue", expected["orders"])).captured(revenue),
    }
    if "revenue" in expected:
        measures["model", "revenue_bias"] = _bias(expected["revenue"], revenue)
    scores = {
        "recency": -judged["days_since_last_order"].to_numpy(float),
        "past_spend": judged["net_revenue"].to_numpy(float),
        "rfm_sum": judged["rfm_sum"].to_numpy(float),
    }
    for name, score in scores.items():
        ranking = Ranking.by(score)
        measures[name, "auc"] = ranking.auc(orders > 0)
        measures[name, "top_decile_orders"] = ranking.captured(orders)
        measures[name, "top_decile_revenue"] = ranking.captured(revenue)
    return measures


def _compared(predictor: str, predicted: "ndarray", actual: "ndarray") -> Mapping[tuple[str, str], Measure]:
    """The measures of a predictor that names a number of orders."""
    from scipy.special import kl_div

    errors = abs(predicted - actual)
    deviances = 2 * kl_div(actual, predicted)
    return {
        (predictor, "bias"): _bias(predicted, actual),
        (predictor, "mean_absolute_error"): lambda weight: _share((weight * errors).sum(), weight.sum()),
        (predictor, "poisson_deviance"): lambda weight: _share((weight * deviances).sum(), weight.sum()),
    }


def _bias(predicted: "ndarray", actual: "ndarray") -> Measure:
    return lambda weight: _share((weight * predicted).sum(), (weight * actual).sum()) - 1


def _measured(
    measures: Mapping[tuple[str, str], Measure], customers: int, rules: Rules
) -> Iterator[Mapping[str, object]]:
    """Each measure with its percentile interval over samples of the customers, drawn with repetition.

    A sample in which the measure is not defined does not count.
    """
    import numpy

    chance = numpy.random.default_rng(SEED)
    samples = {key: numpy.empty(rules.backtest_resamples) for key in measures}
    for number in range(rules.backtest_resamples):
        drawn = chance.integers(0, customers, customers)
        weight = numpy.bincount(drawn, minlength=customers).astype(float)
        for key, measure in measures.items():
            samples[key][number] = measure(weight)
    for (predictor, name), measure in measures.items():
        sampled = samples[predictor, name]
        defined = sampled[~numpy.isnan(sampled)]
        low, high = numpy.percentile(defined, INTERVAL) if len(defined) else (None, None)
        value = measure(numpy.ones(customers))
        yield {
            "predictor": predictor, "measure": name, "customers": customers,
            "value": value, "interval_low": low, "interval_high": high,
        }  # fmt: skip


def _calibration(judged: "pandas.DataFrame", expected_orders: "ndarray") -> Iterator[Mapping[str, object]]:
    """Predicted and actual orders of each decile, the one with most orders expected first."""
    import numpy

    orders = judged["next_occasions"].to_numpy(float)
    best_first = numpy.argsort(-expected_orders, kind="stable")
    for decile, members in enumerate(numpy.array_split(best_first, DECILES), start=1):
        for name, values in (("predicted_orders", expected_orders), ("actual_orders", orders)):
            yield {
                "predictor": "model", "measure": name, "decile": decile, "customers": len(members),
                "value": values[members].mean(),
            }  # fmt: skip


def _share(part: float, whole: float) -> float:
    """A quotient; not a number where there is nothing to divide by."""
    return part / whole if whole else float("nan")
