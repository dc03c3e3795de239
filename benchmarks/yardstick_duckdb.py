"""The four outputs as a hand-tuned DuckDB script: two passes over the order lines, numbers for texts, no copies of
what is read. What has to come out stands in yardstick.py."""

from pathlib import Path

import duckdb

from benchmarks.shop import LAST_DAY, TIME_ZONE
from benchmarks.yardstick import CLASSIC_GROUPS, LAPSED_BANDS, WINDOWS
from dagster_project import sql

THREADS = 2  # as many as the warehouse has

ORDERS = f"""
create temp table line_total as
select
    order_id,
    sum(quantity) as units,
    sum(gross_amount) as gross,
    sum(discount_amount) as discount,
    sum(refund) as refund
from read_parquet('{{shop}}/order_lines-*.parquet')
left join (
    select order_line_id, sum(amount) as refund from read_parquet('{{shop}}/refunds-*.parquet') group by order_line_id
) using (order_line_id)
where is_merchandise
group by order_id
having sum(gross_amount) > sum(discount_amount);

create temp table placed as
select
    order_id,
    lower(trim(email)) as email,
    cast(timezone('{TIME_ZONE}', timezone('UTC', ordered_at)) as date) as order_date
from read_parquet('{{shop}}/orders-*.parquet')
where not is_test and status not in ('voided', 'cancelled');

create temp table customer as
select email, cast(row_number() over () as int) as customer from (select distinct email from placed);

create temp table bought as
select
    order_id,
    cast(row_number() over () as int) as order_number,
    customer,
    order_date,
    date '{LAST_DAY}' - order_date as age,
    units,
    gross,
    discount,
    coalesce(refund, 0) as refund
from placed
join line_total using (order_id)
join customer using (email);

create temp table occasion as
select
    customer,
    order_date,
    age,
    count(*) as orders,
    sum(units) as units,
    sum(gross) as gross,
    sum(discount) as discount,
    sum(refund) as refund,
    sum(gross - discount - refund) as net
from bought
group by all;
"""

CUSTOMERS = f"""
create temp table fact as
select
    customer,
    sum(orders) as orders,
    count(*) as occasions,
    sum(units) as units,
    sum(gross) as gross_revenue,
    sum(discount) as discount_amount,
    sum(refund) as refund_amount,
    sum(net) as net_revenue,
    cast(sum(net) as double) / sum(orders) as average_order_value,
    min(order_date) as first_order_date,
    max(order_date) as last_order_date,
    min(age) as days_since_last_order,
    max(age) as tenure_days,
    {
    ", ".join(
        f'''
    coalesce(sum(orders) filter (where age < {days}), 0) as orders_{days}d,
    count(*) filter (where age < {days}) as occasions_{days}d,
    coalesce(sum(units) filter (where age < {days}), 0) as units_{days}d,
    coalesce(sum(net) filter (where age < {days}), 0) as net_revenue_{days}d'''
        for days in WINDOWS
    )
}
from occasion
group by customer;

copy (from fact join customer using (customer)) to '{{folder}}/customers.parquet';
"""

RFM = """
copy (
    with cut as (
        select
            quantile_cont(cast(days_since_last_order as double), [.2, .4, .6, .8]) as r,
            quantile_cont(cast(net_revenue as double), [.2, .4, .6, .8]) as m
        from fact
    ),
    scored as (
        select
            customer,
            days_since_last_order as recency_days,
            orders as frequency,
            net_revenue as monetary_amount,
            5 - len(list_filter(r, lambda limit_: limit_ < days_since_last_order)) as r_score,
            1 + (orders > 1)::int + (orders > 2)::int + (orders > 3)::int + (orders > 5)::int as f_score,
            1 + len(list_filter(m, lambda limit_: limit_ < net_revenue)) as m_score
        from fact cross join cut
    )
    from scored join read_csv({preset}) using (r_score, f_score)
) to '{folder}/rfm.parquet';
"""

AFFINITY = """
create temp table item as
with category as (
    select leaf.category_id as category_id, middle.category_id as middle, top.category_id as top
    from read_parquet('{shop}/categories-*.parquet') as leaf
    join read_parquet('{shop}/categories-*.parquet') as middle on middle.category_id = leaf.parent_category_id
    join read_parquet('{shop}/categories-*.parquet') as top on top.category_id = middle.parent_category_id
),
product as (
    select product_id, {codes}
    from read_parquet('{shop}/products-*.parquet') join category using (category_id)
)
select customer, order_number, level_1, level_2, level_3, count(*) * power(0.5, any_value(age) / 180.0) as weight
from read_parquet('{shop}/order_lines-*.parquet') as line
join bought using (order_id)
join product using (product_id)
where is_merchandise and quantity > 0
group by customer, order_number, level_1, level_2, level_3;

create temp table whole as select customer, sum(weight) as whole from item group by customer;

create temp table leaning as
{levels};

copy (
    with shop as (
        select level, category, sum(part) / (select sum(whole) from whole) as shop_share
        from leaning
        group by level, category
    ),
    shared as (
        select
            customer,
            level,
            category,
            orders,
            part as decayed_lines,
            shop_share,
            round((part + 5 * shop_share) / (whole + 5), 9) as share,
            round((part + 5 * shop_share) / (whole + 5) / shop_share, 9) as lift
        from leaning join shop using (level, category) join whole using (customer)
    )
    select
        *,
        orders >= 2 and share >= 0.3 and lift >= 1.2 as may_be_primary,
        may_be_primary and row_number() over (
            partition by customer, level, may_be_primary order by share desc, decayed_lines desc, category
        ) = 1 as is_primary
    from shared
) to '{folder}/affinity.parquet';
"""
# An item is of one order and one category of the third level already.
LEVEL = """
select customer, {level} as level, category, count(*) as orders, sum(weight) as part
from (
    select customer, order_number, level_{level} as category, sum(weight) as weight
    from item group by customer, order_number, level_{level}
)
group by customer, category
"""
LAST_LEVEL = """
select customer, 3 as level, level_3 as category, count(*) as orders, sum(weight) as part
from item
group by customer, level_3
"""

LAPSED = """
copy (
    with rhythm as (
        select *, occasions - 1 as gaps, tenure_days - days_since_last_order as gap_days from fact
    ),
    middle as (
        select case when sum(gaps) >= 100 then median(gap_days / gaps) end as median_gap from rhythm where gaps > 0
    ),
    stake as (
        select customer, sum(net) as value_at_stake
        from occasion join fact using (customer)
        where age < days_since_last_order + 365
        group by customer
    )
    select
        customer,
        days_since_last_order,
        days_since_last_order >= 90 as is_lapsed,
        {bands} as lapsed_band,
        round(2 * (gap_days + 2 * median_gap) / (gaps + 2), 9) as personal_limit_days,
        days_since_last_order >= personal_limit_days as is_personally_lapsed,
        greatest(0, days_since_last_order - ceil(personal_limit_days)) as days_overdue,
        case when days_since_last_order >= 90 then case when occasions = 1 then 'quick' else 'late' end end
            as churn_type,
        value_at_stake
    from rhythm cross join middle join stake using (customer)
) to '{folder}/lapsed.parquet';
"""


def compute(shop: Path, folder: Path) -> None:
    """Write the four outputs."""
    places = {"shop": shop, "folder": folder, "preset": sql.text(CLASSIC_GROUPS)}
    codes = ", ".join(
        f"cast({column}[2:] as smallint) as level_{level}"
        for level, column in enumerate(("top", "middle", "category_id"), 1)
    )
    levels = " union all ".join([*(LEVEL.format(level=level) for level in (1, 2)), LAST_LEVEL])
    whens = (f"when days_since_last_order >= {days} then '{band}'" for days, band in LAPSED_BANDS.items())
    bands = f"case {' '.join(whens)} end"
    with duckdb.connect() as connection:
        connection.execute(f"set threads = {THREADS}")
        for script in (ORDERS, CUSTOMERS, RFM, AFFINITY, LAPSED):
            connection.execute(script.format(**places, codes=codes, levels=levels, bands=bands))
