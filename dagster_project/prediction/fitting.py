"""From the histories of a date to a model that may be used, or to the reason why not.

Decides by the rules; the mathematics stands in buying.py and spending.py, what a table is in assets.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.prediction import buying, spending
from dagster_project.prediction.buying import BuyingModel, Histories
from dagster_project.prediction.likelihood import Maximum
from dagster_project.prediction.rules import Rules
from dagster_project.prediction.spending import SpendingModel, Spendings

if TYPE_CHECKING:
    import pandas
    from numpy import ndarray

FREQUENT_OCCASIONS = 3
# Columns of int_purchase_history: what buying.py calls x, t_x and T, and what spending.py reads.
HISTORY = ["repeat_occasions", "btyd_recency_days", "btyd_age_days"]
SPENDING = ["value_occasions", "mean_occasion_value"]


@dataclass(frozen=True)
class Fitted:
    """What came of the data of a date. A model with a refusal is kept for looking at and predicts nothing."""

    orders: BuyingModel | None
    value: SpendingModel | None
    orders_maximum: Maximum | None
    value_maximum: Maximum | None
    orders_refusal: str | None
    value_refusal: str | None
    buyers: int
    repeaters: int
    frequent_buyers: int
    unique_histories: int
    history_days: int
    valued_buyers: int
    value_correlation: float | None

    def columns(self) -> Mapping[str, object]:
        """What prediction_run says, but for its dates."""
        orders, value = self.orders_maximum, self.value_maximum
        return {
            **{name: getattr(self.orders, name, None) for name in ("r", "alpha", "a", "b")},
            "log_likelihood": orders and orders.mean_log_likelihood * self.buyers,
            "has_converged": orders and orders.is_usable,
            **{name: getattr(self.value, name, None) for name in ("p", "q", "v")},
            "value_log_likelihood": value and value.mean_log_likelihood * self.valued_buyers,
            "has_value_converged": value and value.is_usable,
            "history_days": self.history_days,
            "buyers": self.buyers,
            "repeaters": self.repeaters,
            "frequent_buyers": self.frequent_buyers,
            "unique_histories": self.unique_histories,
            "valued_buyers": self.valued_buyers,
            "value_correlation": self.value_correlation,
            "orders_refusal": self.orders_refusal,
            "value_refusal": self.value_refusal,
        }


def fit(histories: "pandas.DataFrame", values: "pandas.DataFrame", rules: Rules) -> Fitted:
    """Fit both models, as far as the rules let them be used.

    `histories` has one row per x, t_x, T with its customers, `values` one per value_occasions (1 or more) and
    mean_occasion_value (above 0) with its customers, both in a fixed order.
    """
    customers = histories["customers"]
    counts = {
        "buyers": int(customers.sum()),
        "repeaters": int(customers[histories["repeat_occasions"] >= 1].sum()),
        "frequent_buyers": int(customers[histories["repeat_occasions"] >= FREQUENT_OCCASIONS - 1].sum()),
        "unique_histories": len(histories),
        "history_days": int(histories["btyd_age_days"].max()) if len(histories) else 0,
        "valued_buyers": int(values["customers"].sum()),
    }
    correlation = _correlation(values[values["value_occasions"] >= 2])
    orders, orders_maximum, orders_refusal = None, None, next(_too_little(counts, rules), None)
    value, value_maximum, value_refusal = None, None, next(_unfit_values(values, correlation, rules), None)
    if orders_refusal is None:
        orders, orders_maximum = buying.fit(rules.prediction_process, Histories(*_arrays(histories, HISTORY)))
        orders_refusal = orders_maximum.refusal
    value_refusal = orders_refusal or value_refusal
    if value_refusal is None:
        value, value_maximum = spending.fit(Spendings(*_arrays(values, SPENDING)))
        value_refusal = value_maximum.refusal
        if value_refusal is None and value.q <= 1:
            value_refusal = f"the mean value of an occasion is unbounded over customers (q = {value.q:.3f})"
    return Fitted(
        orders, value, orders_maximum, value_maximum, orders_refusal, value_refusal,
        **counts, value_correlation=correlation,
    )  # fmt: skip


def _arrays(rows: "pandas.DataFrame", columns: Sequence[str]) -> "list[ndarray]":
    """The columns, then the customers, as numbers."""
    return [rows[name].to_numpy(float) for name in (*columns, "customers")]


def _too_little(counts: Mapping[str, int], rules: Rules) -> Iterator[str]:
    """What a shop lacks for its orders to be predicted, worst first."""
    buyers, days = counts["buyers"], counts["history_days"]
    if buyers < rules.prediction_min_buyers:
        yield f"the shop has {buyers:,} buyers and needs {rules.prediction_min_buyers:,}"
    if days < rules.prediction_min_history_days:
        yield f"the first order is {days} days ago and has to be {rules.prediction_min_history_days}"
    if counts["repeaters"] < rules.prediction_min_repeater_share * buyers:
        share = counts["repeaters"] / buyers
        yield f"{share:.1%} of the buyers came back and {rules.prediction_min_repeater_share:.1%} have to"
    if counts["frequent_buyers"] < rules.prediction_min_frequent_buyers:
        yield (
            f"{counts['frequent_buyers']:,} buyers have {FREQUENT_OCCASIONS} occasions or more and "
            f"{rules.prediction_min_frequent_buyers:,} have to"
        )


def _unfit_values(values: "pandas.DataFrame", correlation: float | None, rules: Rules) -> Iterator[str]:
    if values.empty:
        yield "no occasion has a positive value"
    if correlation is not None and abs(correlation) > rules.prediction_max_value_correlation:
        yield (
            f"what an occasion brings depends on how often people buy (correlation {correlation:.2f}, "
            f"at most {rules.prediction_max_value_correlation:.2f} either way)"
        )


def _correlation(values: "pandas.DataFrame") -> float | None:
    """Pearson's correlation of occasions and mean value over customers; None where it is not defined."""
    occasions, mean_value, weight = _arrays(values, SPENDING)
    if len(set(occasions)) < 2 or len(set(mean_value)) < 2:
        return None
    occasions, mean_value = (each - (weight * each).sum() / weight.sum() for each in (occasions, mean_value))
    covariance, *variances = (
        (weight * left * right).sum()
        for left, right in ((occasions, mean_value), (occasions, occasions), (mean_value, mean_value))
    )
    return float(covariance / (variances[0] * variances[1]) ** 0.5)
