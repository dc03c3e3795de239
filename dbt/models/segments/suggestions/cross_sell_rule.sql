-- one row per rule "who orders this product also orders that one", in orders valid as of D
{%- set orders = ['rules.support_orders', 'rules.product_orders', 'rules.suggested_orders', 'shop.orders'] %}
with baskets as (

    select * from {{ ref('int_order_product') }} where is_in_basket

),

products as (

    select * from {{ ref('int_sold_product') }}

),

shop as (

    select cast(count(distinct order_number) as bigint) as orders

    from baskets

),

-- a pair is no more frequent than each of its products
frequent_products as (

    select
        product_number,
        cast(count(*) as bigint) as orders

    from baskets
    group by product_number
    having count(*) >= {{ var('cross_sell_min_orders') }}

),

items as (

    select
        baskets.order_number,
        baskets.product_number

    from baskets
    inner join frequent_products on frequent_products.product_number = baskets.product_number

),

pairs as (

    select
        items.product_number,
        others.product_number as other_number,
        cast(count(*) as bigint) as support_orders

    from items
    inner join items as others
        on others.order_number = items.order_number
        and others.product_number > items.product_number
    group by items.product_number, others.product_number
    having count(*) >= {{ var('cross_sell_min_orders') }}

),

directed as (

    select product_number, other_number as suggested_number, support_orders from pairs

    union all

    select other_number, product_number, support_orders from pairs

),

rules as (

    select
        products.product_key,
        products.title as product_title,
        suggested.product_key as suggested_product_key,
        suggested.title as suggested_product_title,
        product_counts.orders as product_orders,
        suggested_counts.orders as suggested_orders,
        directed.support_orders

    from directed
    inner join products on products.product_number = directed.product_number
    inner join products as suggested on suggested.product_number = directed.suggested_number
    inner join frequent_products as product_counts on product_counts.product_number = directed.product_number
    inner join frequent_products as suggested_counts on suggested_counts.product_number = directed.suggested_number

),

measured as (

    select
        rules.*,
        shop.orders as shop_orders,
        {{ ratio('rules.product_orders', 'shop.orders') }} as product_base_rate,
        {{ ratio('rules.suggested_orders', 'shop.orders') }} as suggested_base_rate,
        {{ ratio('rules.support_orders', 'rules.product_orders') }} as confidence,
        {{ wilson_lower_bound('rules.support_orders', 'rules.product_orders', var('cross_sell_confidence_z')) }}
            as confidence_lower_bound,
        {{ ratio(
            quotient('rules.support_orders', 'rules.product_orders'),
            quotient('rules.suggested_orders', 'shop.orders')
        ) }} as lift,
        {{ g2(*orders) }} as g2

    from rules
    cross join shop

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        product_key,
        product_title,
        suggested_product_key,
        suggested_product_title,
        shop_orders,
        product_orders,
        suggested_orders,
        support_orders,
        product_base_rate,
        suggested_base_rate,
        confidence,
        confidence_lower_bound,
        lift,
        g2

    from measured
    where
        g2 > {{ var('cross_sell_min_g2') }}
        and confidence_lower_bound > suggested_base_rate
        and lift > {{ var('cross_sell_min_lift') }}

)

select * from final
