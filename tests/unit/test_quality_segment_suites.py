"""The suites of the facts and of the marts: good marts pass them, and every expectation fails for its fault."""

from pathlib import Path

import pytest
from suite_faults import database, failures, faulty, sentences, stage_suites

SUITES = {**stage_suites("core", {}), **stage_suites("segments", {})}
SCHEMAS = dict.fromkeys(stage_suites("core", {}), "core")

GOOD = """
create schema core;
create schema segments;
create table core.fct_customer as
    select 'c' || i as customer_key, date '2024-06-30' as as_of_date,
        case when i < 150 then 1 + i % 7 else 0 end as orders,
        case when i < 150 then 1 + i % 7 else 0 end as occasions,
        case when i < 150 then date '2024-06-30' - (i::int) end as last_order_date,
        case when i < 150 then 0.5 end as discounted_order_share,
        case when i < 150 then 100 else 0 end as net_revenue_365d,
        0 as orders_30d, 0 as orders_90d, 0 as orders_180d, case when i < 150 then 1 else 0 end as orders_365d
    from range(200) t(i);
create table core.fct_customer_daily as
    select customer_key, last_order_date as order_date, orders from core.fct_customer where orders > 0;
create table core.int_purchase_history as
    select customer_key, as_of_date, as_of_date as history_date, occasions - 1 as repeat_occasions,
        occasions + 3 as btyd_recency_days, occasions + 3 as btyd_age_days
    from core.fct_customer where occasions > 0;
create table core.money_reconciliation as
    select 'net_amount' as measure, 0::decimal(38, 4) as order_difference,
        0::decimal(38, 4) as customer_difference;
create table segments.seg_rfm as
    select customer_key, as_of_date, 5 as f_score,
        1 + (row_number() over (order by customer_key)) % 5 as r_score,
        1 + (row_number() over (order by customer_key)) % 5 as m_score
    from core.fct_customer where orders > 0;
create table segments.prediction_run as
    select date '2024-06-30' as as_of_date, 1.0 as r, 40.0 as alpha, 0.9 as a, 3.0 as b, true as has_converged,
        cast(null as varchar) as orders_refusal, cast(null as varchar) as value_refusal;
create table segments.seg_prediction as
    select customer_key, as_of_date, 0.9 as probability_alive, 0.4 as churn_risk, 1.0 as expected_orders_90d,
        3.0 as expected_orders_365d, 50.0 as expected_occasion_value, 150.0 as expected_value_365d,
        as_of_date + 30 as next_order_date, cast(null as varchar) as orders_refusal,
        cast(null as varchar) as value_refusal
    from core.fct_customer where orders > 0;
create table segments.seg_lapsed as
    select customer_key, as_of_date, as_of_date - last_order_date >= 90 as is_lapsed, 0 as days_overdue,
        30.0 as personal_limit_days
    from core.fct_customer where orders > 0;
create table segments.seg_lifecycle as
    select customer_key, as_of_date,
        case
            when orders = 0 then 'prospect'
            when as_of_date - last_order_date >= 90 then 'lapsed'
            else 'active'
        end as lifecycle_stage
    from core.fct_customer;
create table segments.seg_value as
    select customer_key, as_of_date, customer_key in ('c1', 'c2') as is_vip,
        case when orders > 0 then 'rest' end as value_tier, 0.5 as discount_affinity, 0.5 as median_price_rank
    from core.fct_customer;
create table segments.seg_category_affinity as
    select customer_key, as_of_date, 1 as level, 'shop' as source_system, 'k' || i as category_key,
        0.5 as shop_share, case when i = 0 then 0.75 else 0.25 end as share, 1.5 as lift, i = 0 as is_primary
    from core.fct_customer, range(2) t(i) where orders > 0;
create table segments.segment_catalog as
    select 'vip' as segment, null as for_each union all select 'by_country', 'country';
create table segments.segment_membership as
    select customer_key, as_of_date, 'vip' as segment from core.fct_customer where orders > 0
    union all
    select customer_key, as_of_date, 'by_country:DE' from core.fct_customer;
create table segments.customer_segments as
    select customer_key, as_of_date, case when orders > 0 then 'Loyal' end as classic_group, lifecycle_stage
    from core.fct_customer inner join segments.seg_lifecycle using (customer_key, as_of_date);
create table core.int_sold_product as select 'p' || i as product_key, true as is_available from range(3) t(i);
create table core.int_product_number as select 'p' || i as product_key, i as product_number from range(3) t(i);
create table core.int_customer_number as
    select customer_key, row_number() over (order by customer_key) as customer_number from core.fct_customer;
create table core.int_customer_product as
    select customer_number, 0 as product_number, true as is_kept
    from core.fct_customer inner join core.int_customer_number using (customer_key) where orders > 0;
create table segments.cross_sell_rule as
    select 'p0' as product_key, 'p' || i as suggested_product_key, date '2024-06-30' as as_of_date, 100 as shop_orders,
        20 as product_orders, 25 as suggested_orders, 10 as support_orders, 0.25 as suggested_base_rate,
        0.5 as confidence, 0.3 as confidence_lower_bound, 2.0 as lift
    from range(1, 3) t(i);
create table segments.seg_cross_sell as
    select customer_key, as_of_date, 'p' || i as suggested_product_key, i as place, 'p0' as because_of_product_key
    from core.fct_customer, range(1, 3) t(i) where orders > 0;
create table segments.seg_recommendation as
    select customer_key, as_of_date, 'new' as kind, suggested_product_key, place, 0.5 as score
    from segments.seg_cross_sell
    union all
    select customer_key, as_of_date, 'again', 'p0', 1, 0.5
    from core.fct_customer where orders > 0;
create table segments.seg_upsell as
    select *, 'entry' as usual_price_tier, 'middle' as suggested_price_tier from segments.seg_cross_sell;
"""

OTHER_DATE = "update segments.{} set as_of_date = date '2024-06-29' where customer_key = 'c0'"
LOST_ROW = "delete from segments.{} where customer_key = 'c0'"
DATE = "it is as of the date of the customer facts"
BUYERS = "it has one row for every buyer"
CUSTOMERS = "it has one row for every customer"
SUGGESTIONS = ("seg_cross_sell", "seg_recommendation", "seg_upsell")
SUGGESTS_OWNED = "update segments.{} set suggested_product_key = 'p0' where customer_key = 'c7' and place = 2"
NOT_AVAILABLE = "update core.int_sold_product set is_available = null where product_key = 'p2'"
GAP = "update segments.{} set place = 3 where customer_key = 'c7' and place = 2"

FAULTS = {
    ("money_reconciliation", "the orders, with unlinked refunds, sum to the daily facts"): (
        "update core.money_reconciliation set order_difference = 0.01",
        "rows fail: net_amount differs by 0.0100",
    ),
    (
        "money_reconciliation",
        "the daily facts, less what posted later and what nobody is known for, sum to the customers",
    ): (
        "update core.money_reconciliation set customer_difference = null",
        "rows fail: net_amount differs by NULL",
    ),
    ("money_reconciliation", "there is something to compare"): (
        "delete from core.money_reconciliation",
        "it is 0",
    ),
    ("fct_customer", "there is at least one customer"): ("delete from core.fct_customer", "it is 0"),
    ("fct_customer", "where the shop has orders, customers have"): (
        "update core.fct_customer set orders = 0",
        "orders of customers: 0",
    ),
    ("fct_customer", "all facts are as of one date"): (
        "update core.fct_customer set as_of_date = date '2024-07-01' where customer_key = 'c0'",
        "dates: 2",
    ),
    ("fct_customer", "nobody's last order lies after the as-of date"): (
        "update core.fct_customer set last_order_date = date '2024-07-01' where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("fct_customer", "shares of discounted orders lie between 0 and 1"): (
        "update core.fct_customer set discounted_order_share = 1.1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("fct_customer", "no shorter window holds more orders than a longer one"): (
        "update core.fct_customer set orders_90d = 1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_rfm", BUYERS): (LOST_ROW.format("seg_rfm"), "rows: 149, buyers: 150"),
    ("seg_rfm", DATE): (OTHER_DATE.format("seg_rfm"), "as of date: 2024-06-29"),
    **{
        ("seg_rfm", f"{name} scores lie between 1 and 5"): (
            f"update segments.seg_rfm set {column} = 6 where customer_key = 'c7'",
            "rows fail: c7",
        )
        for name, column in {"recency": "r_score", "frequency": "f_score", "monetary": "m_score"}.items()
    },
    **{
        ("seg_rfm", f"every buyer has a {name} score"): (
            f"update segments.seg_rfm set {column} = null where customer_key = 'c7'",
            "rows fail: c7",
        )
        for name, column in {"recency": "r_score", "frequency": "f_score", "monetary": "m_score"}.items()
    },
    **{
        ("seg_rfm", f"no {name} score holds more than four fifths of 100 buyers or more"): (
            f"update segments.seg_rfm set {column} = 3",
            "score: 3, buyers: 150",
        )
        for name, column in {"recency": "r_score", "monetary": "m_score"}.items()
    },
    ("seg_lifecycle", CUSTOMERS): (LOST_ROW.format("seg_lifecycle"), "rows: 199, customers: 200"),
    ("seg_lifecycle", DATE): (OTHER_DATE.format("seg_lifecycle"), "as of date: 2024-06-29"),
    ("seg_lifecycle", "prospects are as many as customers without orders"): (
        "update segments.seg_lifecycle set lifecycle_stage = 'prospect' where customer_key = 'c7'",
        "prospects: 51, customers without orders: 50",
    ),
    ("seg_lifecycle", "the stage lapsed holds as many customers as seg_lapsed says have lapsed"): (
        "update segments.seg_lifecycle set lifecycle_stage = 'lapsed' where customer_key = 'c7'",
        "in stage: 61, lapsed: 60",
    ),
    ("seg_lapsed", BUYERS): (LOST_ROW.format("seg_lapsed"), "rows: 149, buyers: 150"),
    ("seg_lapsed", DATE): (OTHER_DATE.format("seg_lapsed"), "as of date: 2024-06-29"),
    ("seg_lapsed", "every buyer is lapsed or not"): (
        "update segments.seg_lapsed set is_lapsed = null where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_lapsed", "days overdue are not negative"): (
        "update segments.seg_lapsed set days_overdue = -1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_lapsed", "either every buyer has a personal limit or, for want of gaps, none has"): (
        "update segments.seg_lapsed set personal_limit_days = null where customer_key = 'c7'",
        "buyers with limit: 149, buyers: 150",
    ),
    ("seg_value", CUSTOMERS): (LOST_ROW.format("seg_value"), "rows: 199, customers: 200"),
    ("seg_value", DATE): (OTHER_DATE.format("seg_value"), "as of date: 2024-06-29"),
    ("seg_value", "of 100 customers with a tier or more, at most 15 % are VIPs"): (
        "update segments.seg_value set is_vip = value_tier is not null",
        "vips: 150, customers with tier: 150",
    ),
    ("seg_value", "every customer with revenue within a year has a value tier"): (
        "update segments.seg_value set value_tier = null where customer_key = 'c7'",
        "customers with tier: 149, customers with revenue: 150",
    ),
    ("seg_value", "discount affinities lie between 0 and 1"): (
        "update segments.seg_value set discount_affinity = -0.1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_value", "price ranks lie between 0 and 1"): (
        "update segments.seg_value set median_price_rank = 1.1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_category_affinity", "customers' shares lie between 0 and 1"): (
        "update segments.seg_category_affinity set share = -0.1 where customer_key = 'c7'",
        "rows fail: c7 k0, c7 k1",
    ),
    ("seg_category_affinity", "the shop's shares lie between 0 and 1"): (
        "update segments.seg_category_affinity set shop_share = 1.1 where category_key = 'k1'",
        "rows fail: k1",
    ),
    ("seg_category_affinity", "lifts are not negative"): (
        "update segments.seg_category_affinity set lift = -1 where customer_key = 'c7'",
        "rows fail: c7 k0, c7 k1",
    ),
    ("seg_category_affinity", "a customer's shares of one level sum to at most 1"): (
        "update segments.seg_category_affinity set share = 0.76 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_category_affinity", "a customer has at most one primary category of a level"): (
        "update segments.seg_category_affinity set is_primary = true where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_category_affinity", "only buyers have affinities"): (
        "update segments.seg_category_affinity set customer_key = 'x' || rowid",
        "customers: 300, buyers: 150",
    ),
    ("customer_segments", CUSTOMERS): (LOST_ROW.format("customer_segments"), "rows: 199, customers: 200"),
    ("customer_segments", DATE): (OTHER_DATE.format("customer_segments"), "as of date: 2024-06-29"),
    ("customer_segments", "every buyer, and nobody else, has an RFM group"): (
        "update segments.customer_segments set classic_group = null where customer_key = 'c7'",
        "customers with group: 149, buyers: 150",
    ),
    ("customer_segments", "every customer has a lifecycle stage"): (
        "update segments.customer_segments set lifecycle_stage = null where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("segment_membership", "only segments of the catalogue have members"): (
        "update segments.segment_membership set segment = 'vip:DE' where customer_key = 'c7'",
        "rows fail: vip:DE",
    ),
    ("segment_membership", "only customers of the customer facts are members"): (
        "update segments.segment_membership set customer_key = 'x7' where customer_key = 'c7'",
        "rows fail: x7",
    ),
    ("segment_membership", "somebody is in a segment"): (
        "delete from segments.segment_membership",
        "it is 0",
    ),
    ("segment_membership", DATE): (OTHER_DATE.format("segment_membership"), "as of date: 2024-06-29"),
    ("cross_sell_rule", DATE): (
        "update segments.cross_sell_rule set as_of_date = date '2024-06-29'",
        "as of date: 2024-06-29",
    ),
    ("prediction_run", "there is one model, of the date of the customer facts"): (
        "update segments.prediction_run set as_of_date = date '2024-06-29'",
        "models: 0",
    ),
    ("prediction_run", "a model in use has parameters above 0 and has converged"): (
        "update segments.prediction_run set has_converged = false",
        "orders refusal: ",
    ),
    ("prediction_run", "without orders there are no values either"): (
        "update segments.prediction_run set orders_refusal = 'too few buyers'",
        "orders refusal: too few buyers",
    ),
    ("int_purchase_history", "it is as of the date of the customer facts, and no history is later"): (
        "update core.int_purchase_history set history_date = date '2024-07-01' where customer_key = 'c7'",
        "as of date: 2024-06-30",
    ),
    ("int_purchase_history", "every customer has as many occasions as the customer facts count"): (
        "delete from core.int_purchase_history where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("int_purchase_history", "each repeat is a day of its own, and the last one no later than the date"): (
        "update core.int_purchase_history set btyd_recency_days = -1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", DATE): (OTHER_DATE.format("seg_prediction"), "as of date: 2024-06-29"),
    ("seg_prediction", "it holds every customer with an occasion and nobody else"): (
        "delete from segments.seg_prediction where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", "chances to be alive lie between 0 and 1"): (
        "update segments.seg_prediction set probability_alive = 1.1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", "churn risks lie between 0 and 1"): (
        "update segments.seg_prediction set churn_risk = -0.1 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", "what is not predicted has its reason"): (
        "update segments.seg_prediction set expected_value_365d = null where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", "no fewer orders are expected of a longer time, and none below 0"): (
        "update segments.seg_prediction set expected_orders_365d = 0.5 where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("seg_prediction", "next orders lie after the as-of date"): (
        "update segments.seg_prediction set next_order_date = as_of_date where customer_key = 'c7'",
        "rows fail: c7",
    ),
    ("cross_sell_rule", "no product suggests itself"): (
        "update segments.cross_sell_rule set product_key = 'p2'",
        "rows fail: p2 p2",
    ),
    ("cross_sell_rule", "no more orders hold both products than hold either, and no more than there are"): (
        "update segments.cross_sell_rule set support_orders = 21 where suggested_product_key = 'p2'",
        "rows fail: p0 p2",
    ),
    ("cross_sell_rule", "confidences lie between 0 and 1"): (
        "update segments.cross_sell_rule set confidence = 1.1 where suggested_product_key = 'p2'",
        "rows fail: p0 p2",
    ),
    ("cross_sell_rule", "the lower bound of a confidence lies between the base rate and the confidence"): (
        "update segments.cross_sell_rule set confidence_lower_bound = 0.2 where suggested_product_key = 'p2'",
        "rows fail: p0 p2",
    ),
    ("cross_sell_rule", "bought together, products are at least as frequent as by chance"): (
        "update segments.cross_sell_rule set lift = 0.9 where suggested_product_key = 'p2'",
        "rows fail: p0 p2",
    ),
    **{(table, DATE): (OTHER_DATE.format(table), "as of date: 2024-06-29") for table in SUGGESTIONS},
    ("seg_cross_sell", "a customer's places run from 1 without gaps"): (GAP.format("seg_cross_sell"), "rows fail: c7"),
    ("seg_upsell", "a customer's places run from 1 without gaps"): (GAP.format("seg_upsell"), "rows fail: c7"),
    ("seg_recommendation", "a customer's places of a kind run from 1 without gaps"): (
        GAP.format("seg_recommendation"),
        "rows fail: c7 new",
    ),
    ("seg_cross_sell", "nobody is shown what they own"): (SUGGESTS_OWNED.format("seg_cross_sell"), "rows fail: c7 p0"),
    ("seg_upsell", "nobody is shown what they own"): (SUGGESTS_OWNED.format("seg_upsell"), "rows fail: c7 p0"),
    ("seg_recommendation", "nobody owns what is recommended as new"): (
        SUGGESTS_OWNED.format("seg_recommendation"),
        "rows fail: c7 p0",
    ),
    ("seg_recommendation", "whoever is to buy again has bought and kept it"): (
        "update core.int_customer_product set is_kept = false where customer_number = "
        "(select customer_number from core.int_customer_number where customer_key = 'c7')",
        "rows fail: c7 p0",
    ),
    ("seg_cross_sell", "everything suggested can be bought"): (NOT_AVAILABLE, "rows fail: p2"),
    ("seg_upsell", "everything suggested can be bought"): (NOT_AVAILABLE, "rows fail: p2"),
    ("seg_recommendation", "everything recommended can be bought"): (NOT_AVAILABLE, "rows fail: p2"),
    ("seg_cross_sell", "every suggestion has its rule"): (
        "update segments.seg_cross_sell set because_of_product_key = 'p1' where customer_key = 'c7' and place = 2",
        "rows fail: c7 p2",
    ),
    ("seg_recommendation", "scores are not negative"): (
        "update segments.seg_recommendation set score = -1 where customer_key = 'c7' and place = 2",
        "rows fail: c7 p2",
    ),
    ("seg_upsell", "what is suggested is of another price tier"): (
        "update segments.seg_upsell set suggested_price_tier = 'entry' where customer_key = 'c7' and place = 2",
        "rows fail: c7 p2",
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return database(tmp_path_factory.mktemp("segments") / "warehouse.duckdb", GOOD)


def schema(table: str) -> str:
    return SCHEMAS.get(table, "segments")


def test_every_expectation_has_its_fault():
    assert sentences(SUITES) == set(FAULTS)


@pytest.mark.parametrize("table", SUITES)
def test_good_marts_pass(good, table):
    assert not failures(good, SUITES[table], schema(table))


@pytest.mark.parametrize(("table", "sentence"), FAULTS)
def test_a_fault_fails_its_expectation(good, tmp_path, table, sentence):
    fault, shown = FAULTS[table, sentence]

    assert shown in failures(faulty(good, tmp_path, fault), SUITES[table], schema(table))[sentence]
