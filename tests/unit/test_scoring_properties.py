"""Properties of the scoring macros, run as dbt compiles them: ties, order, bounds and totals for any numbers.

Belongs here: what holds whatever the data. Hand-computed cases stand beside the models in dbt/.
"""

from decimal import Decimal
from math import inf
from typing import Any

import duckdb
import numpy
import pytest
from compiled_sql import compiled_texts
from hypothesis import given, settings
from hypothesis import strategies as st

# A busy machine is no fault of the SQL.
UNTIMED = settings(deadline=None)
PRIOR = 5
SHARES = [0.2, 0.4, 0.6, 0.8]
TEXTS = {
    "cuts_below": "select {{ cuts_below('$1', ['$2', '$3', '$4']) }}",
    "ratio": "select {{ ratio('$1', '$2') }}",
    "shrunk_share": "select {{ shrunk_share('$1', '$2', '$3', " + str(PRIOR) + ") }}",
    "quantile_cuts": "select {{ quantile_cuts('value', " + str(SHARES) + ", 'value') }} from given",
}

cents = st.decimals(min_value=-(10**6), max_value=10**6, places=2)
few_values = st.integers(min_value=0, max_value=8)
counts = st.integers(min_value=0, max_value=10**6)
unit = st.integers(min_value=0, max_value=1000).map(lambda thousandths: thousandths / 1000)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    texts = compiled_texts(tmp_path_factory.mktemp("home"), list(TEXTS.values()))
    return dict(zip(TEXTS, texts, strict=True))


@pytest.fixture(scope="module")
def connection() -> duckdb.DuckDBPyConnection:
    return duckdb.connect()


@pytest.fixture(scope="module")
def evaluate(compiled, connection):
    """One value of a macro for its arguments."""

    def value_of(macro: str, *arguments: Any) -> Any:
        return connection.execute(compiled[macro], arguments).fetchone()[0]

    return value_of


@pytest.fixture(scope="module")
def cut(compiled, connection):
    """The four quantile cuts of some values, read in the order given."""

    def cuts_of(values: list) -> list[Decimal]:
        connection.execute("create or replace table given (value decimal(18, 4))")
        connection.executemany("insert into given values (?)", [[value] for value in values])
        return list(connection.execute(compiled["quantile_cuts"]).fetchone())

    return cuts_of


@UNTIMED
@given(value=few_values, cuts=st.lists(few_values, min_size=3, max_size=3))
def test_a_value_is_above_exactly_the_cuts_that_are_smaller(evaluate, value, cuts):
    assert evaluate("cuts_below", value, *cuts) == sum(cut < value for cut in cuts)


@UNTIMED
@given(values=st.tuples(cents, cents), cuts=st.lists(cents, min_size=3, max_size=3), data=st.data())
def test_cuts_below_keeps_the_order_of_values_and_ignores_that_of_cuts(evaluate, values, cuts, data):
    low, high = sorted(values)
    assert evaluate("cuts_below", low, *cuts) <= evaluate("cuts_below", high, *cuts)
    shuffled = data.draw(st.permutations(cuts))
    assert evaluate("cuts_below", low, *shuffled) == evaluate("cuts_below", low, *cuts)


@UNTIMED
@given(values=st.lists(cents, min_size=1, max_size=30), data=st.data())
def test_quantile_cuts_are_those_of_numpy_in_any_order_of_rows(cut, values, data):
    cuts = cut(values)
    expected = numpy.quantile([float(value) for value in values], SHARES)
    assert [float(found) for found in cuts] == pytest.approx(expected.tolist(), abs=2e-9)
    assert cut(data.draw(st.permutations(values))) == cuts == sorted(cuts)


@UNTIMED
@given(value=cents, times=st.integers(min_value=1, max_value=20))
def test_cuts_of_equal_values_are_that_value_so_nobody_is_above(cut, value, times):
    assert cut([value] * times) == [value] * len(SHARES)


@UNTIMED
@given(part=cents, whole=cents.filter(bool))
def test_ratio_is_the_quotient_to_nine_decimals(evaluate, part, whole):
    found = evaluate("ratio", part, whole)
    assert found.as_tuple().exponent == -9
    assert float(found) == pytest.approx(float(part) / float(whole), rel=1e-12, abs=6e-10)


@UNTIMED
@given(parts=st.tuples(cents, cents), whole=cents.filter(lambda value: value > 0))
def test_ratio_keeps_the_order_of_what_is_divided(evaluate, parts, whole):
    low, high = sorted(parts)
    assert evaluate("ratio", low, whole) <= evaluate("ratio", high, whole)


@UNTIMED
@given(part=st.one_of(cents, st.none()), whole=st.sampled_from([0, None]))
def test_ratio_to_nothing_is_unknown(evaluate, part, whole):
    assert evaluate("ratio", part, whole) is None


@UNTIMED
@given(whole=counts, share=unit, shop_share=unit)
def test_shrunk_share_lies_between_the_own_share_and_the_shops(evaluate, whole, share, shop_share):
    part = round(whole * share)
    own = part / whole if whole else shop_share
    found = evaluate("shrunk_share", part, whole, shop_share)
    assert min(own, shop_share) - 1e-12 <= found <= max(own, shop_share) + 1e-12


@UNTIMED
@given(shop_share=unit)
def test_shrunk_share_of_nothing_is_the_shops(evaluate, shop_share):
    assert evaluate("shrunk_share", 0, 0, shop_share) == pytest.approx(shop_share)


@UNTIMED
@given(parts=st.lists(counts, min_size=1, max_size=6), weights=st.data())
def test_shrunk_shares_of_all_parts_add_up_to_one(evaluate, parts, weights):
    shop = weights.draw(st.lists(counts.map(lambda n: n + 1), min_size=len(parts), max_size=len(parts)))
    shares = [
        evaluate("shrunk_share", part, sum(parts), lines / sum(shop)) for part, lines in zip(parts, shop, strict=True)
    ]
    assert sum(shares) == pytest.approx(1)


@UNTIMED
@given(parts=st.tuples(counts, counts), shop_share=unit)
def test_shrunk_share_grows_with_its_part(evaluate, parts, shop_share):
    low, high = sorted(parts)
    found = [evaluate("shrunk_share", part, high, shop_share) for part in (low, high)]
    assert found == sorted(found)


@UNTIMED
@given(doublings=st.integers(min_value=1, max_value=12), share=unit, shop_share=unit)
def test_the_more_is_known_the_nearer_the_own_share(evaluate, doublings, share, shop_share):
    distance = inf
    for whole in (1000 * 2**power for power in range(doublings)):
        found = evaluate("shrunk_share", whole * share, whole, shop_share)
        assert abs(found - share) <= distance + 1e-12
        distance = abs(found - share)
