-- one row per product sold in a category of two or more, as of D: how dear it is among them
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
final as (

    select
        product_key,
        category_key,
        average_price,
        {{ ratio(
            'place_from_cheapest - place_from_dearest + products_in_category - 1',
            '2 * (products_in_category - 1)'
        ) }} as price_rank

    from counted
    where products_in_category > 1

)

select * from final
