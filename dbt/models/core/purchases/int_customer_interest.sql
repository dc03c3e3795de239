-- one row per customer and product that is sold often enough and that they bought, like or viewed lately
with customers as (

    select * from {{ ref('int_customer_number') }} where is_known

),

products as (

    select * from {{ ref('int_sold_product') }} where orders >= {{ var('recommendation_min_orders') }}

),

-- every kind of interest, and how much it weighs
kinds as (

    select
        did,
        cast(interest as decimal(9, 6)) as interest,
        row_number() over (order by interest desc nulls last, did nulls last) as strength

    from (
        select 'bought' as did, 1.0 as interest
        union all
        select 'likes', {{ var('recommendation_favourite_weight') }}
        union all
        select 'viewed', {{ var('recommendation_view_weight') }}
    )

),

named as (

    select customer_key, product_key, added_date as shown_date, 'likes' as did
    from {{ ref('fct_favourite') }}
    where
        added_date <= {{ as_of_date() }}
        and (removed_date is null or removed_date > {{ as_of_date() }})

    union all

    select customer_key, product_key, occurred_date, 'viewed'
    from {{ ref('fct_browse_event') }}
    where event_type = 'product_view' and occurred_date <= {{ as_of_date() }}

),

noticed as (

    select
        customers.customer_number,
        products.product_number,
        min(kinds.strength) as strength,
        max(named.shown_date) as shown_date

    from named
    inner join customers on customers.customer_key = named.customer_key
    inner join products on products.product_key = named.product_key
    inner join kinds on kinds.did = named.did
    group by customers.customer_number, products.product_number

),

bought as (

    select
        pairs.customer_number,
        pairs.product_number,
        kinds.strength,
        pairs.last_order_date as bought_date

    from {{ ref('int_customer_product') }} as pairs
    inner join customers on customers.customer_number = pairs.customer_number
    inner join products on products.product_number = pairs.product_number
    inner join kinds on kinds.did = 'bought'
    where pairs.is_kept

),

-- the strongest kind speaks for the product; joined, since to group what was bought once more needs a group a purchase
interests as (

    select
        coalesce(bought.customer_number, noticed.customer_number) as customer_number,
        coalesce(bought.product_number, noticed.product_number) as product_number,
        least(bought.strength, noticed.strength) as strength,
        greatest(bought.bought_date, noticed.shown_date) as shown_date,
        bought.bought_date

    from bought
    full outer join noticed
        on noticed.customer_number = bought.customer_number and noticed.product_number = bought.product_number

),

placed as (

    select
        *,
        row_number() over (
            partition by customer_number
            order by shown_date desc nulls last, product_number nulls last
        ) as place,
        row_number() over (
            partition by customer_number
            order by bought_date desc nulls last, product_number nulls last
        ) as bought_place

    from interests

),

-- only so many a customer, so that pairs grow with customers and not with the squares of their histories
final as (

    select
        placed.customer_number,
        placed.product_number,
        kinds.did,
        kinds.interest,
        cast(placed.place as int) as place,
        cast(case when placed.bought_date is not null then placed.bought_place end as int) as bought_place

    from placed
    inner join kinds on kinds.strength = placed.strength
    where
        placed.place <= {{ var('recommendation_products') }}
        or (placed.bought_date is not null and placed.bought_place <= {{ var('recommendation_products') }})

)

select * from final
