"""What people spend on a day with an order: Gamma-Gamma, fitted and applied to numbers.

A customer's occasions vary around a mean of their own (gamma: p), which varies over customers (q, v) and has nothing
to do with how often they buy. Reads the number of a customer's occasions of positive value and the mean of these
values. How often somebody buys does not belong here.

Fader, Hardie, Lee, RFM and CLV: Using Iso-Value Curves for Customer Base Analysis (2005); Fader, Hardie, The
Gamma-Gamma Model of Monetary Value (2013).
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dagster_project.prediction.likelihood import Likelihood, Maximum, maximise

if TYPE_CHECKING:
    from numpy import ndarray


@dataclass(frozen=True)
class Spendings:
    """Customers with at least one occasion, of positive value: arrays of one length in a fixed order, `weight` being
    the customers who have both numbers."""

    occasions: "ndarray"
    mean_value: "ndarray"
    weight: "ndarray"


@dataclass(frozen=True)
class SpendingModel:
    """Gamma-Gamma with its parameters; v is in the currency of the values."""

    p: float
    q: float
    v: float

    def expected_value(self, occasions: "ndarray", mean_value: "ndarray") -> "ndarray":
        """What the next occasion is to be expected to bring; needs q > 1. Without any occasion, the mean of all."""
        return self.p * (self.v + occasions * mean_value) / (self.p * occasions + self.q - 1)


def fit(spendings: Spendings) -> tuple[SpendingModel, Maximum]:
    """The model with the greatest likelihood. Whether it may be used says the maximum that comes with it."""
    import numpy

    typical_value = numpy.exp(numpy.average(numpy.log(spendings.mean_value), weights=spendings.weight))
    maximum = maximise(_likelihood(spendings), (2.0, 3.0, typical_value))
    return SpendingModel(*maximum.parameters), maximum


def _likelihood(spendings: Spendings) -> Likelihood:
    """The mean log-likelihood of a customer; what depends on the number of occasions alone is computed once per one."""
    import numpy
    from scipy.special import gammaln, psi

    weight = spendings.weight / spendings.weight.sum()
    n, n_of = numpy.unique(spendings.occasions, return_inverse=True)
    weight_of_n = numpy.bincount(n_of, weight)
    spent = spendings.occasions * spendings.mean_value
    log_value = numpy.log(spendings.mean_value)
    # Sums over customers are no matrix products, whose last digits depend on the number of threads.
    mean_log_value = numpy.sum(weight * log_value)
    mean_n_log_value = numpy.sum(weight * spendings.occasions * log_value)

    def evaluate(parameters: "ndarray") -> tuple[float, "ndarray"]:
        p, q, v = parameters
        shape = p * n
        log_total = numpy.bincount(n_of, weight * numpy.log(spent + v))
        per_total = numpy.bincount(n_of, weight / (spent + v))
        of_n = gammaln(shape + q) - gammaln(shape) - gammaln(q) + q * numpy.log(v) + shape * numpy.log(n)
        value = weight_of_n @ of_n + p * mean_n_log_value - mean_log_value - (shape + q) @ log_total
        slopes = (
            weight_of_n @ (n * (psi(shape + q) - psi(shape) + numpy.log(n))) + mean_n_log_value - n @ log_total,
            weight_of_n @ (psi(shape + q) - psi(q)) + numpy.log(v) - log_total.sum(),
            q / v - (shape + q) @ per_total,
        )
        return float(value), numpy.array(slopes)

    return evaluate
