-- one row per customer with products of a known price rank: how dear, within its category, is what they buy
with customers as (

    select * from {{ ref('int_customer_number') }}

),

customer_products as (

    select * from {{ ref('int_customer_product') }}

),

product_ranks as (

    select * from {{ ref('int_product_price_rank') }}

),

customer_ranks as (

    select
        customer_products.customer_number,
        {{ weight(median('product_ranks.price_rank')) }} as median_price_rank

    from customer_products
    inner join product_ranks on product_ranks.product_number = customer_products.product_number
    group by customer_products.customer_number

),

final as (

    select
        customers.customer_key,
        customer_ranks.median_price_rank,
        {{ price_tier_name('customer_ranks.median_price_rank') }} as price_tier

    from customer_ranks
    inner join customers on customers.customer_number = customer_ranks.customer_number

)

select * from final
