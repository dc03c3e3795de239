"""What the probability model expects, against integrals over its definition, by scipy's adaptive quadrature."""

import warnings
from itertools import pairwise

import numpy as np
import pytest
from prediction_cases import MODELS, TIMES, T, t_x, x
from scipy.integrate import IntegrationWarning, quad
from scipy.special import betaln, gammaln

from dagster_project.prediction.buying import BuyingModel, chances_to_leave

# Those whose every chance quad can integrate on its own scale.
MODERATE = [model for model in MODELS if model.r < 30 and model.a < 40]


def _mean_over_dropout(curve, model: BuyingModel, x: float, scale: float) -> float:
    """The mean of a curve over the chance of leaving of somebody who is alive, its poles given to quad as weights."""
    left, stay = model.a, model.b + float(chances_to_leave(model.process, np.array(x)))
    edges = np.geomspace(min(0.5, 1 / scale), 0.5, 6) if scale > 2 else np.array([0.5])
    options = {"epsabs": 0, "epsrel": 1e-11, "limit": 400}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IntegrationWarning)
        first, _ = quad(
            lambda p: curve(p) * (1 - p) ** (stay - 1), 0, edges[0], weight="alg", wvar=(left - 1, 0), **options
        )
        middle = sum(
            quad(lambda p: curve(p) * (1 - p) ** (stay - 1) * p ** (left - 1), low, high, **options)[0]
            for low, high in pairwise(edges)
        )
        last, _ = quad(lambda p: curve(p) * p ** (left - 1), edges[-1], 1, weight="alg", wvar=(0, stay - 1), **options)
    return (first + middle + last) / np.exp(betaln(left, stay))


def _expected_while_alive(model: BuyingModel, x: float, T: float, time: float) -> float:
    """Somebody alive with rate l and chance p is expected to buy (1 - exp(-l p t)) / p times; l is gamma."""
    w, power = time / (model.alpha + T), model.r + x

    def curve(p: float) -> float:
        return -np.expm1(-power * np.log1p(p * w)) / p if p > 1e-300 else power * w

    return _mean_over_dropout(curve, model, x, power * w)


@pytest.mark.parametrize("model", MODERATE, ids=repr)
def test_expected_orders_are_the_integral_of_their_definition(model):
    alive = model.probability_alive(x, t_x, T)
    for time in TIMES:
        found = model.expected_orders(x, t_x, T, time)
        expected = [_expected_while_alive(model, *pair, time) for pair in zip(x, T, strict=True)] * alive
        assert np.abs(found - expected).max() < 1e-6


@pytest.mark.parametrize("model", MODELS, ids=repr)
def test_nothing_is_out_of_range(model):
    alive = model.probability_alive(x, t_x, T)
    assert ((alive >= 0) & (alive <= 1)).all()
    before = np.zeros(len(x))
    for time in TIMES:
        order = model.probability_of_order(x, t_x, T, time)
        expected = model.expected_orders(x, t_x, T, time)
        assert ((order >= 0) & (order <= alive)).all()
        assert np.isfinite(expected).all()
        # At least one order is at most the number of orders, and more time brings no fewer of them.
        assert (expected >= order - 1e-12).all()
        assert (expected >= before - 1e-12).all()
        before = expected


@pytest.mark.parametrize("process", ["mbg_nbd", "bg_nbd"])
def test_the_chance_to_be_alive_is_bayes_rule(process):
    """Given rate and chance to leave, by quadrature over both: the paths alive among all paths to the history."""
    model = BuyingModel(process, 0.8, 20.0, 0.9, 2.5)
    for purchases, last, age in ((0, 0, 60), (1, 10, 60), (4, 30, 200)):
        chances = purchases + (process == "mbg_nbd")
        power = model.r + purchases
        # Integrals over the rate: to the age where alive, to the last purchase where left at once.
        alive_rate = gammaln(power) - power * np.log(model.alpha + age)
        left_rate = gammaln(power) - power * np.log(model.alpha + last)
        alive_path = (
            np.exp(alive_rate) * quad(lambda p, n=chances: p ** (model.a - 1) * (1 - p) ** (model.b - 1 + n), 0, 1)[0]
        )
        left_path = 0.0
        if chances:
            left_path = (
                np.exp(left_rate) * quad(lambda p, n=chances: p**model.a * (1 - p) ** (model.b - 1 + n - 1), 0, 1)[0]
            )
        found = model.probability_alive(*(np.array([float(number)]) for number in (purchases, last, age)))
        assert found[0] == pytest.approx(alive_path / (alive_path + left_path), rel=1e-6)


def test_the_published_example_of_expected_orders():
    """Fader and Hardie, Creating an RFM summary and BG/NBD in Excel: the first customer of the CDNOW sample."""
    model = BuyingModel("bg_nbd", 0.243, 4.414, 0.793, 2.426)
    found = model.expected_orders(np.array([2.0]), np.array([30.43]), np.array([38.86]), 39)
    assert found[0] == pytest.approx(1.226, abs=5e-4)
