-- one row per customer with a cart or checkout by the as-of date: started, abandoned, and the one still open
with checkouts as (

    select
        *,
        {{ timestamp_add_minutes('started_at', var('cart_grace_minutes')) }} as grace_ends_at

    from {{ ref('fct_checkout') }}
    where customer_key is not null and started_date <= {{ as_of_date() }}

),

orders as (

    select * from {{ ref('int_order') }}
    where
        customer_key is not null
        and not never_posts
        and order_date <= {{ as_of_date() }}

),

-- abandoned: the person placed no order within the grace period, which has passed; open: and none at any time since
followed as (

    select
        checkouts.checkout_key,
        checkouts.customer_key,
        checkouts.started_date,
        {{ business_date('checkouts.grace_ends_at') }} <= {{ as_of_date() }} as is_over,
        min(orders.ordered_at) as next_ordered_at,
        max(case when orders.ordered_at <= checkouts.grace_ends_at then 1 else 0 end) as has_order_in_grace

    from checkouts
    left join orders
        on orders.customer_key = checkouts.customer_key
        and orders.ordered_at >= checkouts.started_at
    group by checkouts.checkout_key, checkouts.customer_key, checkouts.started_date, checkouts.grace_ends_at

),

final as (

    select
        customer_key,
        cast(count(*) as bigint) as carts_started,
        cast(sum(case when is_over and has_order_in_grace = 0 then 1 else 0 end) as bigint) as carts_abandoned,
        cast(sum(case when is_over and next_ordered_at is null then 1 else 0 end) as bigint) as open_carts,
        max(started_date) as last_cart_date,
        max(case when is_over and next_ordered_at is null then started_date end) as open_cart_date

    from followed
    group by customer_key

)

select * from final
