"""The statistics of experiments against scipy, statsmodels and sums by hand.

Which rows come of them is tested in test_experiment_results.py.
"""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats
from statsmodels.stats.power import TTestIndPower

from dagster_project.experiments import analysis


@pytest.fixture(scope="module")
def arms() -> tuple[np.ndarray, np.ndarray]:
    chance = np.random.default_rng(3)
    return chance.gamma(2.0, 15.0, 300), chance.gamma(1.2, 20.0, 500)


def test_the_difference_of_means_is_welchs(arms):
    found, expected = analysis.welch(*arms), stats.ttest_ind(*arms, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert found.difference == pytest.approx(arms[0].mean() - arms[1].mean())
    assert found.standard_error == pytest.approx((arms[0].var(ddof=1) / 300 + arms[1].var(ddof=1) / 500) ** 0.5)
    assert (found.interval_low, found.interval_high) == pytest.approx((interval.low, interval.high))
    assert found.p_value == pytest.approx(expected.pvalue)


def test_where_nothing_varies_there_is_no_interval_and_no_p_value():
    found = analysis.welch(np.ones(5), np.zeros(5))
    assert found.difference == 1
    assert np.isnan([found.interval_low, found.interval_high, found.p_value]).all()


def test_a_difference_of_shares_by_hand():
    """Agresti and Caffo: 15 of 40 and 5 of 60 are counted as 16 of 42 and 6 of 62."""
    found = analysis.proportions(np.repeat([1.0, 0.0], [15, 25]), np.repeat([1.0, 0.0], [5, 55]))
    p, q = 16 / 42, 6 / 62
    error = (p * (1 - p) / 42 + q * (1 - q) / 62) ** 0.5
    assert found.difference == pytest.approx(15 / 40 - 5 / 60)
    assert found.standard_error == pytest.approx(error)
    assert found.interval_low == pytest.approx(p - q - 1.959964 * error)
    assert found.interval_high == pytest.approx(p - q + 1.959964 * error)
    assert found.p_value == pytest.approx(2 * stats.norm.sf((p - q) / error))


@pytest.mark.parametrize("control", [np.zeros(4), np.ones(4)])
def test_shares_of_none_or_all_have_an_interval(control):
    found = analysis.proportions(1 - control, control)
    assert found.interval_low < found.difference < found.interval_high
    assert abs(found.difference) == 1


def _before_and_after(arms: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Three hundred people: what they spent before, what they spent then, more by arm, and their arm."""
    chance = np.random.default_rng(arms)
    before, arm = chance.gamma(1.0, 50.0, 300), chance.integers(0, arms, 300)
    return before, 0.6 * before + 12 * arm + chance.normal(0, 20, 300), arm.astype(str).astype(object)


@pytest.mark.parametrize("arms", [2, 3])
def test_cuped_is_the_regression_on_arm_and_spend_before(arms):
    before, outcome, arm = _before_and_after(arms)
    adjusted = analysis.cuped(outcome, before, arm)
    people = pd.DataFrame({"outcome": outcome, "before": before, "arm": arm})
    model = smf.ols("outcome ~ C(arm) + before", people).fit()
    assert adjusted.theta == pytest.approx(model.params["before"])
    control = adjusted.outcome[arm == "0"]
    for other in map(str, range(1, arms)):
        difference = analysis.welch(adjusted.outcome[arm == other], control).difference
        assert difference == pytest.approx(model.params[f"C(arm)[T.{other}]"])
    without = smf.ols("outcome ~ C(arm)", people).fit()
    assert adjusted.variance_reduction == pytest.approx(1 - model.ssr / without.ssr)


def test_cuped_by_hand():
    """Within the arms: before -1, 1, -2, 2 and outcome -2, 2, -2, 2, so theta is 12 / 10; the mean before is 4."""
    before, outcome = np.array([1.0, 3.0, 4.0, 8.0]), np.array([0.0, 4.0, 10.0, 14.0])
    adjusted = analysis.cuped(outcome, before, np.array(["control", "control", "treatment", "treatment"], object))
    assert adjusted.theta == pytest.approx(1.2)
    assert adjusted.outcome.tolist() == pytest.approx([0 + 3.6, 4 + 1.2, 10 - 0.0, 14 - 4.8])
    assert adjusted.variance_reduction == pytest.approx(1.2 * 12 / 16)


def test_cuped_narrows_the_interval():
    before, outcome, arm = _before_and_after(2)
    adjusted = analysis.cuped(outcome, before, arm)
    plain, less_noise = (
        analysis.welch(values[arm == "1"], values[arm == "0"]) for values in (outcome, adjusted.outcome)
    )
    ratio = less_noise.standard_error / plain.standard_error
    assert ratio == pytest.approx((1 - adjusted.variance_reduction) ** 0.5, rel=0.02)
    assert ratio < 0.8


def test_cuped_needs_people_who_differed_before():
    assert analysis.cuped(np.array([1.0, 2.0]), np.array([5.0, 5.0]), np.array(["a", "b"], object)) is None


def test_the_sample_ratio_is_a_chi_square_test():
    """60 and 40 of 100 where halves were due: 2 * 10 ** 2 / 50 = 4 with one degree of freedom."""
    found = analysis.sample_ratio_p_value({"control": 60, "treatment": 40}, {"control": 0.5, "treatment": 0.5})
    assert found == pytest.approx(stats.chi2.sf(4, 1))
    # The shares say which count belongs to which arm, whatever the order of the counts.
    uneven = {"small": 0.2, "large": 0.8}
    assert analysis.sample_ratio_p_value({"large": 800, "small": 200}, uneven) == pytest.approx(1)


def test_holm_by_hand():
    """Smallest first: 0.01 * 4, then 0.02 * 3, then 0.03 * 2 which may not fall below the one before, then 0.5."""
    assert analysis.holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])


def test_a_comparison_without_p_value_counts_in_its_family():
    found = analysis.holm([0.02, np.nan])
    assert found[0] == pytest.approx(0.04)
    assert np.isnan(found[1])


@pytest.mark.parametrize("ratio", [1, 4])
def test_customers_needed_have_the_power_and_one_less_has_not(ratio):
    needed = analysis.customers_needed(0.2, 1.5, ratio)
    power = TTestIndPower()
    assert power.power(0.2 / 1.5, needed, 0.05, ratio=ratio) >= 0.8
    assert power.power(0.2 / 1.5, needed - 1, 0.05, ratio=ratio) < 0.8


def test_customers_needed_follow_the_rule_of_sixteen():
    assert analysis.customers_needed(0.1, 1, 1) == pytest.approx(16 / 0.1**2, rel=0.02)
    assert analysis.customers_needed(50, 1, 1) == analysis.customers_needed(1, 1, 1) > 10


@pytest.mark.parametrize(("effect", "deviation"), [(0, 1), (1, 0), (float("nan"), 1)])
def test_nothing_to_show_or_nothing_that_varies_needs_no_number(effect, deviation):
    assert analysis.customers_needed(effect, deviation, 1) is None
