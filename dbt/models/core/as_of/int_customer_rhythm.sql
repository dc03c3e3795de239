-- one row per customer with an occasion: first and last day, gaps between days, days within windows
{%- set windows = var('fact_windows_days') %}
with occasions as (

    select
        *,
        lag(order_date) over (partition by customer_key order by order_date nulls last) as previous_date,
        {{ days_between(as_of_date(), 'order_date') }} as days_since

    from {{ ref('int_customer_occasion') }}

),

final as (

    select
        customer_key,
        cast(count(*) as bigint) as occasions,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date,
        cast(count(previous_date) as bigint) as gap_count,
        cast(sum({{ days_between('order_date', 'previous_date') }}) as bigint) as gap_days_sum,
        {%- for days in windows %}
        cast(sum(case when days_since < {{ days }} then 1 else 0 end) as bigint) as occasions_{{ days }}d
        {{- ',' if not loop.last }}
        {%- endfor %}

    from occasions
    group by customer_key

)

select * from final
