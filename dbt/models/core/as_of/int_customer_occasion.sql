-- one row per customer and business day with at least one valid order, as of the date
with daily as (

    select * from {{ ref('fct_customer_daily') }}

),

final as (

    select
        customer_key,
        order_date,
        cast(sum(orders) as bigint) as orders,
        {{ money('sum(net_amount)') }} as net_amount

    from daily
    where
        customer_key is not null
        and order_date <= {{ as_of_date() }}
        and effective_date <= {{ as_of_date() }}
    group by customer_key, order_date
    having sum(orders) > 0

)

select * from final
