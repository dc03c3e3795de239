"""The figures of the report, each one query on the published marts. How they look stands in page.py and charts.py.

Counts and sums only: no query returns a row about one customer.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas
    from duckdb import DuckDBPyConnection

HEADLINES = """
    with facts as (
        select
            count(*) as customers,
            sum(net_revenue) as net_revenue,
            sum(net_revenue_365d) as net_revenue_365d,
            sum(net_revenue_365d) / nullif(sum(orders_365d), 0) as average_order_value_365d
        from fct_customer
    ),
    active as (
        select count(*) as active_customers from seg_lapsed where not is_lapsed
    ),
    risk as (
        select case when count(seg_prediction.churn_risk_band) > 0 then coalesce(
            sum(seg_lapsed.value_at_stake) filter (where seg_prediction.churn_risk_band = 'high'), 0
        ) end as value_at_risk
        from seg_prediction
        inner join seg_lapsed on seg_lapsed.customer_key = seg_prediction.customer_key
    )
    select * from facts cross join active cross join risk
"""
# One row per single segment of the catalogue.
SEGMENTS = """
    with revenue as (
        select segment_membership.segment, sum(fct_customer.net_revenue) as net_revenue
        from segment_membership
        inner join fct_customer on fct_customer.customer_key = segment_membership.customer_key
        group by segment_membership.segment
    ),
    shop as (
        select sum(net_revenue) as net_revenue from fct_customer
    )
    select
        segment_catalog.segment,
        segment_catalog.label,
        segment_catalog.family,
        segment_catalog.action,
        segment_health.customers,
        segment_health.share,
        coalesce(revenue.net_revenue, 0) / nullif(shop.net_revenue, 0) as revenue_share,
        segment_health.coverage,
        segment_health.is_actionable,
        segment_health.previous_date,
        segment_health.change,
        segment_health.is_alert,
        segment_performance.judged_date,
        segment_performance.next_revenue_lift
    from segment_catalog
    cross join shop
    inner join segment_health on segment_health.segment = segment_catalog.segment
    left join segment_performance on segment_performance.segment = segment_catalog.segment
    left join revenue on revenue.segment = segment_catalog.segment
    where segment_catalog.for_each is null
    order by segment_catalog.family, segment_health.customers desc, segment_catalog.label
"""
RFM_SCORES = "select r_score, f_score, count(*) as customers from seg_rfm group by all order by all"
RFM_GROUPS = """
    select
        classic_group,
        count(*) as customers,
        count(*) / sum(count(*)) over () as share,
        sum(monetary_amount) / nullif(sum(sum(monetary_amount)) over (), 0) as revenue_share,
        median(recency_days) as recency_days
    from seg_rfm
    group by classic_group
    order by customers desc, classic_group
"""
# Since about a month ago where a snapshot is that old, else since the first one.
MOVEMENTS = """
    with stages as (
        select * from segment_transition where segment = 'lifecycle_stage'
    ),
    since as (
        select coalesce(max(from_date) filter (where from_date <= to_date - 30), min(from_date)) as from_date
        from stages
    )
    select stages.from_date, stages.from_value, stages.to_value, stages.customers
    from stages
    inner join since on since.from_date = stages.from_date
    order by stages.from_value, stages.to_value
"""
# The twelve newest months of first orders that a complete month followed, twelve months on.
COHORTS = """
    select cohort_month, months_since, customers, retention
    from cohort_retention
    where months_since between 1 and 12 and retention is not null
    qualify dense_rank() over (order by cohort_month desc) <= 12
    order by cohort_month, months_since
"""
# The categories of the top level that most customers prefer.
CATEGORIES = """
    select
        category_name,
        count(*) filter (where is_primary) as fans,
        max(shop_share) as shop_share,
        avg(share) filter (where is_primary) as fans_share,
        avg(lift) filter (where is_primary) as fans_lift
    from seg_category_affinity
    where level = 1
    group by category_key, category_name
    having count(*) filter (where is_primary) > 0
    order by fans desc, category_name, category_key
    limit 10
"""
VALUE_AT_STAKE = """
    select
        coalesce(seg_lapsed.lapsed_band, '(not lapsed)') as lapsed_band,
        min(seg_lapsed.days_since_last_order) as days_since_last_order,
        coalesce(seg_prediction.churn_risk_band, '(none)') as churn_risk_band,
        count(*) as customers,
        sum(seg_lapsed.value_at_stake) as value_at_stake
    from seg_lapsed
    left join seg_prediction on seg_prediction.customer_key = seg_lapsed.customer_key
    group by all
    order by days_since_last_order, churn_risk_band
"""
REFUSALS = "select orders_refusal, value_refusal from prediction_run"
BACKTEST = """
    select * from prediction_backtest
    where refusal is null
    qualify history_date = max(history_date) over ()
    order by predictor, measure, decile
"""
RAW_TABLES = """
    select
        raw_table,
        sum(row_count) filter (where outcome <> 'rejected') as row_count,
        coalesce(sum(row_count) filter (where outcome in ('kept', 'deleted')), 0) as kept,
        coalesce(sum(row_count) filter (where outcome = 'superseded'), 0) as superseded,
        coalesce(sum(row_count) filter (where outcome = 'quarantined'), 0) as quarantined,
        coalesce(sum(row_count) filter (where outcome = 'rejected'), 0) as rejected
    from run_summary
    group by raw_table
    order by raw_table
"""
FAULTS = """
    select raw_table, outcome, reject_reason, sum(row_count) as row_count, sum(amount) as amount
    from run_summary
    where outcome in ('quarantined', 'rejected')
    group by all
    order by row_count desc, raw_table, outcome, reject_reason
    limit 12
"""
QUERIES = {
    "headlines": HEADLINES,
    "segments": SEGMENTS,
    "rfm_scores": RFM_SCORES,
    "rfm_groups": RFM_GROUPS,
    "movements": MOVEMENTS,
    "cohorts": COHORTS,
    "categories": CATEGORIES,
    "value_at_stake": VALUE_AT_STAKE,
    "refusals": REFUSALS,
    "backtest": BACKTEST,
    "raw_tables": RAW_TABLES,
    "faults": FAULTS,
}


def read_figures(marts: "DuckDBPyConnection") -> Mapping[str, "pandas.DataFrame"]:
    """The rows of every query by its name."""
    return {name: marts.execute(query).df() for name, query in QUERIES.items()}
