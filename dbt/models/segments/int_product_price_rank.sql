-- one row per product sold in a category of two or more, as of D: how dear it is among them
with order_products as (

    select * from {{ ref('int_order_product') }} where category_number is not null

),

products as (

    select * from {{ ref('int_product_number') }}

),

-- the price that the shop's customers paid on average, before discounts
product_prices as (

    select
        category_number,
        product_number,
        {{ money_ratio('sum(gross_amount)', 'sum(quantity)') }} as average_price

    from order_products
    group by category_number, product_number

),

counted as (

    select
        category_number,
        product_number,
        average_price,
        count(*) over (partition by category_number) as products_in_category,
        rank() over (partition by category_number order by average_price nulls last) as place_from_cheapest,
        rank() over (partition by category_number order by average_price desc nulls last) as place_from_dearest

    from product_prices

),

-- 0 is the cheapest product of its category, 1 the dearest, equal prices share the middle of their places;
-- a category of one product ranks nothing
final as (

    select
        products.product_key,
        counted.product_number,
        products.category_key,
        counted.category_number,
        counted.average_price,
        {{ ratio(
            'counted.place_from_cheapest - counted.place_from_dearest + counted.products_in_category - 1',
            '2 * (counted.products_in_category - 1)'
        ) }} as price_rank

    from counted
    inner join products on products.product_number = counted.product_number
    where counted.products_in_category > 1

)

select * from final
