-- one row per customer with an order delivered by the as-of date: the last one, and those that nobody reviewed yet
with orders as (

    select
        *,
        {{ business_date('delivered_at') }} as delivered_date

    from {{ ref('int_order') }}
    where
        customer_key is not null
        and not never_posts
        and (invalid_from is null or invalid_from > {{ as_of_date() }})

),

order_lines as (

    select * from {{ ref('fct_order_line') }} where is_merchandise

),

reviews as (

    select * from {{ ref('fct_review') }} where reviewed_date <= {{ as_of_date() }}

),

-- a review is of the order that it names, or of the customer's orders of its product before it
reviewed as (

    select order_key from reviews where order_key is not null

    union

    select order_lines.order_key
    from reviews
    inner join order_lines
        on order_lines.customer_key = reviews.customer_key
        and order_lines.product_key = reviews.product_key
        and order_lines.order_date <= reviews.reviewed_date

),

final as (

    select
        orders.customer_key,
        max(orders.delivered_date) as last_delivered_date,
        cast(sum(
            case
                when
                    orders.delivered_date > {{ add_days(as_of_date(), -var('review_invitation_days')) }}
                    and reviewed.order_key is null
                    then 1
                else 0
            end
        ) as bigint) as unreviewed_deliveries

    from orders
    left join reviewed on reviewed.order_key = orders.order_key
    where orders.delivered_date <= {{ as_of_date() }}
    group by orders.customer_key

)

select * from final
