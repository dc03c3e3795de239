-- one row per product and one of the products that its buyers buy most alike, by cosine over customers
with products as (

    select * from {{ ref('int_sold_product') }} where orders >= {{ var('recommendation_min_orders') }}

),

bought as (

    select
        customer_products.customer_key,
        products.product_number,
        row_number() over (
            partition by customer_products.customer_key
            order by customer_products.last_order_date desc nulls last, products.product_number nulls last
        ) as place

    from {{ ref('int_customer_product') }} as customer_products
    inner join products on products.product_key = customer_products.product_key
    where customer_products.is_kept

),

-- only so many a customer, so that pairs grow with customers and not with the squares of their histories
latest as (

    select * from bought where place <= {{ var('recommendation_products') }}

),

buyers as (

    select
        product_number,
        count(*) as buyers

    from latest
    group by product_number

),

pairs as (

    select
        latest.product_number,
        others.product_number as neighbour_number,
        count(*) as common_buyers

    from latest
    inner join latest as others
        on others.customer_key = latest.customer_key
        and others.product_number > latest.product_number
    group by latest.product_number, others.product_number
    having count(*) >= {{ var('recommendation_min_common_buyers') }}

),

directed as (

    select product_number, neighbour_number, common_buyers from pairs

    union all

    select neighbour_number, product_number, common_buyers from pairs

),

measured as (

    select
        directed.product_number,
        directed.neighbour_number,
        directed.common_buyers,
        cast({{ ratio(
            'directed.common_buyers', 'sqrt(cast(buyers.buyers as double) * cast(neighbours.buyers as double))'
        ) }} as decimal(18, 9)) as cosine

    from directed
    inner join buyers on buyers.product_number = directed.product_number
    inner join buyers as neighbours on neighbours.product_number = directed.neighbour_number

),

placed as (

    select
        *,
        row_number() over (
            partition by product_number
            order by cosine desc nulls last, common_buyers desc nulls last, neighbour_number nulls last
        ) as place

    from measured

),

final as (

    select
        product_number,
        neighbour_number,
        cast(common_buyers as bigint) as common_buyers,
        cast(cosine as decimal(38, 9)) as cosine,
        cast(place as int) as place

    from placed
    where place <= {{ var('recommendation_neighbours') }}

)

select * from final
