"""How often people buy and when they leave for good: BG/NBD and MBG/NBD, fitted and applied to numbers.

While alive, somebody buys at a rate of their own (gamma over people: r, alpha); after each purchase they leave with a
chance of their own (beta over people: a, b). In MBG/NBD the first purchase is one of these, in BG/NBD it is not.
Both read a history of three numbers: x purchases after the first, the last of them t_x after it, seen for T.
Purchases are days with an order; any unit of time will do, as long as it is one. Knows no table and no customer.

BG/NBD: Fader, Hardie, Lee, "Counting Your Customers" the Easy Way (2005). MBG/NBD: Batislam, Denizel, Filiztekin,
Empirical validation and comparison of models for customer base analysis (2007).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from dagster_project.prediction.likelihood import Likelihood, Maximum, maximise

if TYPE_CHECKING:
    from numpy import ndarray

Process = Literal["mbg_nbd", "bg_nbd"]
# The trapezoidal rule of expected orders: the distance of its points, and how far below the peak they end.
STEP, REACH = 1 / 8, 36


@dataclass(frozen=True)
class Histories:
    """Unique histories in a fixed order: arrays of one length, `weight` being the customers who have each."""

    x: "ndarray"
    t_x: "ndarray"
    T: "ndarray"
    weight: "ndarray"


def chances_to_leave(process: Process, x: "ndarray") -> "ndarray":
    """After how many purchases somebody who is alive could have left."""
    return x + 1 if process == "mbg_nbd" else x


@dataclass(frozen=True)
class BuyingModel:
    """A process with its parameters, applied to arrays of histories of one length."""

    process: Process
    r: float
    alpha: float
    a: float
    b: float

    def probability_alive(self, x: "ndarray", t_x: "ndarray", T: "ndarray") -> "ndarray":
        """The chance that somebody has not left yet."""
        from scipy.special import expit

        return expit(-_log_odds_of_having_left(self, x, t_x, T))

    def probability_of_order(self, x: "ndarray", t_x: "ndarray", T: "ndarray", time: float) -> "ndarray":
        """The chance of at least one purchase within `time` from now."""
        import numpy

        waits = numpy.exp((self.r + x) * (numpy.log(self.alpha + T) - numpy.log(self.alpha + T + time)))
        return self.probability_alive(x, t_x, T) * (1 - waits)

    def expected_orders(self, x: "ndarray", t_x: "ndarray", T: "ndarray", time: float) -> "ndarray":
        """How many purchases are to be expected within `time` from now.

        The integral over the chance of leaving, not the hypergeometric function that it is equal to: scipy's is wrong
        by orders of magnitude for some whole r + x, and the closed form has a gap at a = 1. Good to nine digits.
        """
        import numpy

        while_alive = numpy.empty(len(x))
        for value in numpy.unique(x):
            has_value = x == value
            ages, age_of = numpy.unique(T[has_value], return_inverse=True)
            while_alive[has_value] = _orders_while_alive(self, value, ages, time)[age_of]
        return self.probability_alive(x, t_x, T) * while_alive


def fit(process: Process, histories: Histories) -> tuple[BuyingModel, Maximum]:
    """The model with the greatest likelihood. Whether it may be used says the maximum that comes with it."""
    customers = histories.weight.sum()
    purchases = (histories.weight * histories.x).sum()
    rate = purchases / max((histories.weight * histories.T).sum(), 1)
    start = (1.0, 1.0 / max(rate, 1e-9), 1.0, 1.0 + purchases / customers)
    # Where customers differ little in how readily they leave, or nobody does, a and b grow without end.
    maximum = maximise(_likelihood(process, histories), start, may_end_at_bound=(2, 3))
    return BuyingModel(process, *maximum.parameters), maximum


def _likelihood(process: Process, histories: Histories) -> Likelihood:
    """The mean log-likelihood of a customer; what depends on x alone is computed once per x.

    Sums over histories are no matrix products, whose last digits depend on the number of threads.
    """
    import numpy
    from scipy.special import betaln, expit, gammaln, psi

    weight = histories.weight / histories.weight.sum()
    x, x_of = numpy.unique(histories.x, return_inverse=True)
    weight_of_x = numpy.bincount(x_of, weight)
    chances = chances_to_leave(process, x)

    def evaluate(parameters: "ndarray") -> tuple[float, "ndarray"]:
        r, alpha, a, b = parameters
        power = r + x
        age, recency = alpha + histories.T, alpha + histories.t_x
        log_age = numpy.log(age)
        log_ratio = log_age - numpy.log(recency)
        log_odds = _log_odds_per_chance(a, b, chances)[x_of] + power[x_of] * log_ratio
        left = weight * expit(log_odds)
        left_of_x = numpy.bincount(x_of, left)

        of_x = gammaln(power) - gammaln(r) + r * numpy.log(alpha) + betaln(a, b + chances) - betaln(a, b)
        value = weight_of_x @ of_x + numpy.sum(weight * (numpy.logaddexp(0, log_odds) - power[x_of] * log_age))
        by_a = psi(a + b) - psi(a + b + chances)
        has_chance = chances > 0
        slopes = (
            weight_of_x @ (psi(power) - psi(r)) + numpy.log(alpha) + numpy.sum(left * log_ratio - weight * log_age),
            r / alpha + numpy.sum(power[x_of] * ((left - weight) / age - left / recency)),
            weight_of_x @ by_a + left.sum() / a,
            weight_of_x @ (by_a + psi(b + chances) - psi(b))
            - (left_of_x[has_chance] / (b + chances[has_chance] - 1)).sum(),
        )
        return float(value), numpy.array(slopes)

    return evaluate


def _log_odds_per_chance(a: float, b: float, chances: "ndarray") -> "ndarray":
    """Logarithm of a / (b + chances - 1), the odds of leaving at the last chance; minus infinity without a chance."""
    import numpy

    odds = a / (b + numpy.maximum(chances, 1) - 1)
    return numpy.where(chances > 0, numpy.log(odds), -numpy.inf)


def _log_odds_of_having_left(model: BuyingModel, x: "ndarray", t_x: "ndarray", T: "ndarray") -> "ndarray":
    import numpy

    per_chance = _log_odds_per_chance(model.a, model.b, chances_to_leave(model.process, x))
    return per_chance + (model.r + x) * (numpy.log(model.alpha + T) - numpy.log(model.alpha + t_x))


def _orders_while_alive(model: BuyingModel, x: float, T: "ndarray", time: float) -> "ndarray":
    """Expected purchases within `time` of people who are alive now, with one x: the mean of
    (1 - (1 + p w)^-(r + x)) / p with w = time / (alpha + T), over p ~ Beta(a, b + chances).

    By the trapezoidal rule over the logit of p, where the integrand is smooth and fades on both sides. What is summed
    is the difference to the straight line between p = 0 and p = 1, whose mean is known: it fades fast for every a.
    """
    import numpy
    from scipy.special import betaln, expit, log_expit

    left, stay = model.a, model.b + chances_to_leave(model.process, numpy.array(x))
    width = min(1.0, numpy.sqrt(1 / left + 1 / stay))
    peak = numpy.log(left / stay)
    step = STEP * width
    points = numpy.arange(peak - 8 * width - REACH / (left + 1), peak + 8 * width + REACH / (stay + 1), step)
    density = step * numpy.exp(left * log_expit(points) + stay * log_expit(-points) - betaln(left, stay))
    p = expit(points)

    power = model.r + x
    w = (time / (model.alpha + T))[:, None]
    at_0, at_1 = power * w, -numpy.expm1(-power * numpy.log1p(w))
    curve = -numpy.expm1(-power * numpy.log1p(p * w)) / p
    mean_p = left / (left + stay)
    differences = (curve - at_0 * (1 - p) - at_1 * p) * density
    return (at_0 * (1 - mean_p) + at_1 * mean_p)[:, 0] + differences.sum(axis=1)
