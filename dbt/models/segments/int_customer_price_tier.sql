-- one row per customer with products of a known price rank: how dear, within its category, is what they buy
with order_lines as (

    select * from {{ ref('int_order_line_as_of') }} where category_key is not null

),

-- the price that the shop's customers paid on average, before discounts
product_prices as (

    select
        category_key,
        product_key,
        {{ ratio('sum(gross_amount)', 'sum(quantity)') }} as average_price

    from order_lines
    group by category_key, product_key

),

counted as (

    select
        category_key,
        product_key,
        average_price,
        count(*) over (partition by category_key) as products_in_category,
        rank() over (partition by category_key order by average_price nulls last) as place_from_cheapest,
        rank() over (partition by category_key order by average_price desc nulls last) as place_from_dearest

    from product_prices

),

-- 0 is the cheapest product of its category, 1 the dearest, equal prices share the middle of their places;
-- a category of one product ranks nothing
product_ranks as (

    select
        product_key,
        {{ quotient(
            'place_from_cheapest - place_from_dearest + products_in_category - 1',
            '2 * (products_in_category - 1)'
        ) }} as price_rank

    from counted
    where products_in_category > 1

),

customer_products as (

    select distinct
        customer_key,
        product_key

    from order_lines
    where customer_key is not null

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
