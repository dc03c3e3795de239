-- one row per date (D and the earlier ones of the backtest) and customer with an occasion by then: what the model reads
{%- set days_apart = var('backtest_days') %}
{%- set dates = [] %}
{%- for number in range(var('backtest_dates') + 1) %}
{%- do dates.append(add_days(as_of_date(), -number * days_apart)) %}
{%- endfor %}
with daily as (

    select * from {{ ref('fct_customer_daily') }}
    where
        customer_key is not null
        and order_date <= {{ as_of_date() }}
        and effective_date <= {{ as_of_date() }}

),

-- a day as it was known on each date: the first of them is D
days as (

    select
        customer_key,
        order_date
        {%- for date in dates %},
        sum(case when effective_date <= {{ date }} then orders else 0 end) as orders_{{ loop.index0 }},
        sum(case when effective_date <= {{ date }} then net_amount else 0 end) as net_amount_{{ loop.index0 }}
        {%- endfor %}

    from daily
    group by customer_key, order_date

),

-- all dates side by side, so that customers are grouped once
customers as (

    select
        customer_key
        {%- for date in dates %},
        {%- set number = loop.index0 -%}
        {%- set is_known = 'order_date <= ' ~ date -%}
        {%- set is_occasion = is_known ~ ' and orders_' ~ number ~ ' > 0' -%}
        {%- set is_valued = is_occasion ~ ' and net_amount_' ~ number ~ ' > 0' -%}
        {%- set is_next = 'order_date > ' ~ date ~ ' and order_date <= ' ~ add_days(date, days_apart) ~ ' and orders_0 > 0' %}
        sum(case when {{ is_known }} then orders_{{ number }} else 0 end) as orders_{{ number }},
        sum(case when {{ is_known }} then net_amount_{{ number }} else 0 end) as net_revenue_{{ number }},
        sum(case when {{ is_occasion }} then 1 else 0 end) as occasions_{{ number }},
        min(case when {{ is_occasion }} then order_date end) as first_order_date_{{ number }},
        max(case when {{ is_occasion }} then order_date end) as last_order_date_{{ number }},
        sum(
            case when {{ is_occasion }} and order_date > {{ add_days(date, -days_apart) }} then 1 else 0 end
        ) as recent_occasions_{{ number }},
        sum(case when {{ is_valued }} then 1 else 0 end) as value_occasions_{{ number }},
        sum(case when {{ is_valued }} then net_amount_{{ number }} else 0 end) as occasion_value_{{ number }},
        sum(case when {{ is_next }} then 1 else 0 end) as next_occasions_{{ number }},
        sum(case when {{ is_next }} then net_amount_0 else 0 end) as next_net_revenue_{{ number }}
        {%- endfor %}

    from days
    group by customer_key

),

histories as (

    {% for date in dates -%}
    {%- set number = loop.index0 -%}
    select
        {{ date }} as history_date,
        customer_key
        {%- for measure in [
            'orders', 'net_revenue', 'occasions', 'first_order_date', 'last_order_date', 'recent_occasions',
            'value_occasions', 'occasion_value', 'next_occasions', 'next_net_revenue',
        ] %},
        {{ measure }}_{{ number }} as {{ measure }}
        {%- endfor %}
    from customers
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        history_date,
        customer_key,
        cast(orders as bigint) as orders,
        {{ money('net_revenue') }} as net_revenue,
        first_order_date,
        last_order_date,
        cast(
            recent_occasions - case when {{ days_between('history_date', 'first_order_date') }} < {{ days_apart }} then 1 else 0 end
            as bigint
        ) as recent_repeat_occasions,
        cast(occasions - 1 as bigint) as repeat_occasions,
        {{ days_between('last_order_date', 'first_order_date') }} as btyd_recency_days,
        {{ days_between('history_date', 'first_order_date') }} as btyd_age_days,
        cast(value_occasions as bigint) as value_occasions,
        {{ money_ratio('occasion_value', 'value_occasions') }} as mean_occasion_value,
        cast(case when history_date < {{ as_of_date() }} then next_occasions end as bigint) as next_occasions,
        {{ money('case when history_date < ' ~ as_of_date() ~ ' then next_net_revenue end') }} as next_net_revenue

    from histories
    where occasions > 0

)

select * from final
