-- one row per customer with products of a known price rank: how dear, within its category, is what they buy
with order_lines as (

    select * from {{ ref('int_order_line_as_of') }} where customer_key is not null

),

product_ranks as (

    select * from {{ ref('int_product_price_rank') }}

),

customer_products as (

    select distinct
        customer_key,
        product_key

    from order_lines

),

customer_ranks as (

    select
        customer_products.customer_key,
        {{ weight(median('product_ranks.price_rank')) }} as median_price_rank

    from customer_products
    inner join product_ranks on product_ranks.product_key = customer_products.product_key
    group by customer_products.customer_key

),

final as (

    select
        customer_key,
        median_price_rank,
        {{ price_tier_name('median_price_rank') }} as price_tier

    from customer_ranks

)

select * from final
