-- one row per customer with anything posted by the as-of date: money and units, whole life and windows
{%- set windows = var('fact_windows_days') %}
with daily as (

    select
        *,
        {{ days_between(as_of_date(), 'order_date') }} as days_since

    from {{ ref('fct_customer_daily') }}
    where
        customer_key is not null
        and order_date <= {{ as_of_date() }}
        and effective_date <= {{ as_of_date() }}

),

final as (

    select
        customer_key,
        cast(sum(orders) as bigint) as orders,
        cast(sum(discounted_orders) as bigint) as discounted_orders,
        cast(sum(units) as decimal(18, 4)) as units,
        {{ money('sum(gross_amount)') }} as gross_revenue,
        {{ money('sum(discount_amount)') }} as discount_amount,
        {{ money('sum(refund_amount)') }} as refund_amount,
        {{ money('sum(net_amount)') }} as net_revenue,
        {%- for days in windows %}
        cast(sum(case when days_since < {{ days }} then orders else 0 end) as bigint) as orders_{{ days }}d,
        cast(sum(case when days_since < {{ days }} then units else 0 end) as decimal(18, 4)) as units_{{ days }}d,
        {{ money('sum(case when days_since < ' ~ days ~ ' then net_amount else 0 end)') }} as net_revenue_{{ days }}d
        {{- ',' if not loop.last }}
        {%- endfor %}

    from daily
    group by customer_key

)

select * from final
