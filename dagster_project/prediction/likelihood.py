"""Maximum likelihood for parameters that are positive: the one place that knows the optimiser.

A model's likelihood and its gradient stand with the model (buying.py, spending.py).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import ndarray

# How many times below or above its start a parameter may end.
FARTHEST = 1e3
# The mean log-likelihood of a customer must not rise by more than this per unit of a parameter's logarithm.
STEEPEST = 1e-5
MOST_STEPS = 1_000

# From parameters to the mean log-likelihood of a customer and its derivative by each parameter.
Likelihood = Callable[["ndarray"], tuple[float, "ndarray"]]


@dataclass(frozen=True)
class Maximum:
    """Where a likelihood is greatest, and whether it really is."""

    parameters: Sequence[float]
    mean_log_likelihood: float
    has_converged: bool
    is_at_bound: bool

    @property
    def is_usable(self) -> bool:
        return self.has_converged and not self.is_at_bound

    @property
    def refusal(self) -> str | None:
        """Why the parameters may not be used; None where they may."""
        if self.is_at_bound:
            return "the fit ended at the bound of a parameter: the data do not follow the model"
        return None if self.has_converged else "the fit did not converge"


def maximise(likelihood: Likelihood, start: Sequence[float], may_end_at_bound: Collection[int] = ()) -> Maximum:
    """The parameters with the greatest likelihood, sought from `start` on the scale of their logarithms.

    `start` is in the data's own units, so that the bounds around it mean the same for all of them. A parameter that
    ends at its bound has no best value, which is a fault unless it is one of `may_end_at_bound`: where the likelihood
    is level as they grow, any large value says the same.
    """
    import numpy
    from scipy.optimize import minimize

    def descend(logarithms: "ndarray") -> tuple[float, "ndarray"]:
        parameters = numpy.exp(logarithms)
        value, slopes = likelihood(parameters)
        return -value, -slopes * parameters

    first = numpy.log(start)
    lowest, highest = first - numpy.log(FARTHEST), first + numpy.log(FARTHEST)
    bounds = list(zip(lowest, highest, strict=True))
    options = {"maxiter": MOST_STEPS, "ftol": 0, "gtol": STEEPEST / 1_000}
    found = minimize(descend, first, method="L-BFGS-B", jac=True, bounds=bounds, options=options)
    # A step uphill, as far as the bounds let it go.
    step = numpy.clip(found.x - found.jac, lowest, highest) - found.x
    ends = {int(number) for number in numpy.flatnonzero((found.x <= lowest) | (found.x >= highest))}
    return Maximum(
        parameters=tuple(float(value) for value in numpy.exp(found.x)),
        mean_log_likelihood=-float(found.fun),
        # Rounding stops the last line search now and then, so what counts is how steep it still is.
        has_converged=bool(numpy.isfinite(found.fun) and numpy.abs(step).max() < STEEPEST),
        is_at_bound=not ends <= set(may_end_at_bound),
    )
