"""Cross-sell rules of the simulated shop, at its full size, equal those of an independent implementation."""

from collections.abc import Callable

import pytest

from tests.association import VARS, assert_baskets, assert_published_rules
from tests.integration.conftest import Run


@pytest.fixture(scope="module")
def run(run_source: Callable[..., Run]) -> Run:
    return run_source("demo", as_of="2026-06-30")


def test_baskets_hold_what_was_kept(run: Run):
    assert_baskets(run)


def test_rules_equal_those_of_an_independent_implementation(run: Run):
    assert assert_published_rules(run, VARS["cross_sell_min_orders"]) > 0
