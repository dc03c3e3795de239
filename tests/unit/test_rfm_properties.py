"""Properties of rfm_cut and seg_rfm, run as dbt compiles them on any buyers: ties, order, totals and groups."""

from decimal import Decimal

import pandas
import pytest
from compiled_sql import compiled_nodes, memory_warehouse
from hypothesis import given, settings
from hypothesis import strategies as st

# A busy machine is no fault of the SQL.
UNTIMED = settings(deadline=None)
PRESETS = ("classic", "shopify", "klaviyo")
# Measure: (its score, +1 where more is better and -1 where less is).
SCORES = {"recency_days": ("r_score", -1), "frequency": ("f_score", 1), "monetary_amount": ("m_score", 1)}
TIES_TEST = "equal_values_equal_scores_seg_rfm_r_score__recency_days"

# Few different values, so that many buyers tie; recency on both sides of the bands of preset klaviyo.
buyer = st.tuples(
    st.one_of(st.integers(0, 12), st.integers(175, 370)),
    st.integers(min_value=1, max_value=8),
    st.decimals(min_value=-50, max_value=500, places=0).map(lambda amount: amount / 4),
)
buyers = st.lists(buyer, min_size=1, max_size=25)


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return compiled_nodes(tmp_path_factory.mktemp("home"), ["rfm_cut", "seg_rfm", TIES_TEST])


@pytest.fixture(scope="module")
def warehouse():
    connection = memory_warehouse(*(f"rfm_{preset}" for preset in PRESETS))
    connection.execute("""
        create table warehouse.core.fct_customer (
            customer_key varchar, as_of_date date, orders bigint, days_since_last_order int, net_revenue decimal(18, 4)
        )
    """)
    return connection


@pytest.fixture(scope="module")
def score(compiled, warehouse):
    """The rows of seg_rfm for some buyers, by key; keys follow the list, rows may come in another order."""

    def scored(given_buyers: list[tuple[int, int, Decimal]], order: list[int] | None = None) -> pandas.DataFrame:
        rows = [
            [f"c{number}", "2026-06-30", orders, days, amount]
            for number, (days, orders, amount) in enumerate(given_buyers)
        ]
        warehouse.execute("delete from warehouse.core.fct_customer")
        warehouse.executemany(
            "insert into warehouse.core.fct_customer values (?, ?, ?, ?, ?)",
            [rows[number] for number in order or range(len(rows))],
        )
        warehouse.execute("insert into warehouse.core.fct_customer values ('prospect', '2026-06-30', 0, null, -10)")
        warehouse.execute(f"create or replace table warehouse.segments.rfm_cut as {compiled['rfm_cut']}")
        return warehouse.execute(compiled["seg_rfm"]).df().set_index("customer_key").sort_index()

    return scored


@UNTIMED
@given(given_buyers=buyers)
def test_every_buyer_once_with_scores_of_1_to_5_and_a_group_of_each_preset(score, given_buyers):
    found = score(given_buyers)
    assert sorted(found.index) == sorted(f"c{number}" for number in range(len(given_buyers)))
    assert found[["r_score", "f_score", "m_score"]].isin(range(1, 6)).all(axis=None)
    assert found[[f"{preset}_group" for preset in PRESETS]].notna().all(axis=None)


@UNTIMED
@given(given_buyers=buyers, data=st.data())
def test_the_order_of_rows_changes_nothing(score, given_buyers, data):
    order = data.draw(st.permutations(range(len(given_buyers))))
    pandas.testing.assert_frame_equal(score(given_buyers), score(given_buyers, order))


@UNTIMED
@given(given_buyers=buyers)
def test_a_better_value_never_has_a_worse_score_and_equal_values_tie(score, given_buyers):
    found = score(given_buyers)
    for measure, (name, direction) in SCORES.items():
        of_value = found.groupby(measure)[name].agg(["min", "max"]).sort_index(ascending=direction > 0)
        assert (of_value["min"] == of_value["max"]).all()
        assert of_value["min"].is_monotonic_increasing


@UNTIMED
@given(given_buyers=buyers)
def test_buyers_with_equal_values_share_their_groups(score, given_buyers):
    found = score(given_buyers)
    for preset in PRESETS:
        assert (found.groupby(list(SCORES))[f"{preset}_group"].nunique() == 1).all()


@UNTIMED
@given(alike=buyer, count=st.integers(min_value=1, max_value=8))
def test_buyers_who_are_all_alike_share_every_score(score, alike, count):
    found = score([alike] * count)
    assert len(found.drop_duplicates()) == 1
    assert (found["r_score"] == 5).all()
    assert (found["m_score"] == 1).all()


def test_the_test_of_ties_finds_what_breaks_them(compiled, warehouse):
    def found(*rows: str) -> list[tuple]:
        values = ", ".join(rows)
        warehouse.execute(f"""
            create or replace table warehouse.segments.seg_rfm as
            select * from (values {values}) as given (recency_days, r_score)
        """)
        return warehouse.execute(compiled[TIES_TEST]).fetchall()

    assert found("(10, 5)", "(10, 5)", "(20, 5)", "(30, 1)", "(null, null)", "(null, null)") == []
    assert found("(10, 5)", "(10, 4)", "(20, 5)") == [(10, 4, 5, 0)]
    assert found("(10, 5)", "(10, null)") == [(10, 5, 5, 1)]
    assert found("(null, 5)", "(null, 4)") == [(None, 4, 5, 0)]
