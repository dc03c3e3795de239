"""The statistics of an experiment: differences with intervals, CUPED, sample ratio, Holm, power.

Who is compared with whom, and what is said of it (results.py), does not belong here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, nan
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from numpy import ndarray

ALPHA = 0.05
POWER = 0.8
SAMPLE_RATIO_ALPHA = 0.001


@dataclass(frozen=True)
class Difference:
    """An arm's mean less the control's, with its 95 % interval; no interval and no p-value where nothing varies."""

    difference: float
    standard_error: float
    interval_low: float
    interval_high: float
    p_value: float


def welch(treated: "ndarray", control: "ndarray") -> Difference:
    """The difference of two means by Welch's t, which lets the arms differ in spread."""
    from statsmodels.stats.weightstats import CompareMeans

    compared = CompareMeans.from_data(treated, control)
    difference, standard_error = treated.mean() - control.mean(), compared.std_meandiff_separatevar
    if not standard_error > 0:
        return Difference(difference, standard_error, nan, nan, nan)
    low, high = compared.tconfint_diff(alpha=ALPHA, usevar="unequal")
    return Difference(difference, standard_error, low, high, compared.ttest_ind(usevar="unequal")[1])


def proportions(treated: "ndarray", control: "ndarray") -> Difference:
    """The difference of two shares by Agresti and Caffo (2000), which holds for rare events as well: interval, standard
    error and p-value are those of arms with one more customer who did and one more who did not."""
    from numpy import errstate
    from statsmodels.stats.proportion import confint_proportions_2indep, test_proportions_2indep

    counts = (treated.sum(), len(treated), control.sum(), len(control))
    method = {"method": "agresti-caffo", "compare": "diff"}
    low, high = confint_proportions_2indep(*counts, alpha=ALPHA, **method)
    with errstate(divide="ignore", invalid="ignore"):  # of ratios that it also gives
        tested = test_proportions_2indep(*counts, **method)
    return Difference(treated.mean() - control.mean(), tested.variance**0.5, low, high, tested.pvalue)


@dataclass(frozen=True)
class Adjusted:
    """Outcomes less what was to be expected of each from before, and by which share that lowered their variance."""

    outcome: "ndarray"
    theta: float
    variance_reduction: float


def cuped(outcome: "ndarray", before: "ndarray", arm: "ndarray") -> Adjusted | None:
    """CUPED (Deng, Xu, Kohavi, Walker 2013): outcome - theta * (before - mean of before), theta = cov / var.

    Covariance and variance are those within the arms, pooled, so that an effect is not mistaken for a relation; the
    mean is everybody's. None where nobody differed before.
    """
    import numpy

    _, of = numpy.unique(arm, return_inverse=True)

    def within(values: "ndarray") -> "ndarray":
        return values - (numpy.bincount(of, values) / numpy.bincount(of))[of]

    outcome_within, before_within = within(outcome), within(before)
    spread = (before_within**2).sum()
    if not spread > 0:
        return None
    theta = (outcome_within * before_within).sum() / spread
    total = (outcome_within**2).sum()
    reduction = theta**2 * spread / total if total > 0 else nan
    return Adjusted(outcome - theta * (before - before.mean()), theta, reduction)


def sample_ratio_p_value(customers: Mapping[str, int], shares: Mapping[str, float]) -> float:
    """The chance of arms that differ from their shares at least so much, by chi-square; no number without customers."""
    from scipy.stats import chisquare

    total = sum(customers.values())
    if not total:
        return nan
    return chisquare([customers[arm] for arm in shares], [total * share for share in shares.values()]).pvalue


def holm(p_values: Sequence[float]) -> "ndarray":
    """The p-values of a family by Holm's method. One that is not defined stays so and still counts in the family."""
    import numpy
    from statsmodels.stats.multitest import multipletests

    given = numpy.asarray(p_values, dtype=float)
    if not len(given):
        return given
    adjusted = multipletests(numpy.nan_to_num(given, nan=1.0), alpha=ALPHA, method="holm")[1]
    return numpy.where(numpy.isnan(given), numpy.nan, adjusted)


def customers_needed(effect: float, deviation: float, larger_per_smaller: float) -> int | None:
    """Customers that the smaller of two arms needs to show an effect of that size (power 80 %, 5 % on two sides).

    None where there is no effect to be shown, or nothing that varies. An effect above one standard deviation counts as
    one, so that no arm of a handful is ever called enough.
    """
    from statsmodels.stats.power import TTestIndPower

    if not (effect > 0 and deviation > 0):
        return None
    size = min(effect / deviation, 1.0)
    return ceil(TTestIndPower().solve_power(size, alpha=ALPHA, power=POWER, ratio=larger_per_smaller))
