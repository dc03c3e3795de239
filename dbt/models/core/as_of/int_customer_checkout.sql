-- one row per customer with a cart or checkout by the as-of date: started, abandoned, and the one still open
with checkouts as (

    select * from {{ ref('fct_checkout') }}
    where
        customer_key is not null
        and {{ business_date(timestamp_add_minutes('started_at', var('cart_grace_minutes'))) }} <= {{ as_of_date() }}

),

orders as (

    select * from {{ ref('int_order') }}
    where
        customer_key is not null
        and not never_posts
        and order_date <= {{ as_of_date() }}

),

-- a cart is judged when its grace has passed; abandoned: the person placed no order within the grace period; open: and none at any time since
followed as (

    select
        checkouts.checkout_key,
        checkouts.customer_key,
        checkouts.started_date,
        checkouts.value_amount,
        min(orders.ordered_at) as next_ordered_at,
        max(case
            when orders.ordered_at <= {{ timestamp_add_minutes('checkouts.started_at', var('cart_grace_minutes')) }} then 1
            else 0
        end) as has_order_in_grace

    from checkouts
    left join orders
        on orders.customer_key = checkouts.customer_key
        and orders.ordered_at >= checkouts.started_at
    group by checkouts.checkout_key, checkouts.customer_key, checkouts.started_date, checkouts.value_amount

),

final as (

    select
        customer_key,
        cast(count(*) as bigint) as carts_started,
        cast(sum(case when has_order_in_grace = 0 then 1 else 0 end) as bigint) as carts_abandoned,
        max(started_date) as last_cart_date,
        max(case when next_ordered_at is null then started_date end) as open_cart_date

    from followed
    group by customer_key

)

select * from final
