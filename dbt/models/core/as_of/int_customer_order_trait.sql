-- one row per customer with a valid order as of the date: first and last channel and device, currency, variety
{%- set in_order = 'ordered_at nulls last, order_key nulls last' %}
with orders as (

    select * from {{ ref('int_order') }}
    where
        customer_key is not null
        and not never_posts
        and order_date <= {{ as_of_date() }}
        and (invalid_from is null or invalid_from > {{ as_of_date() }})

),

product_days as (

    select * from {{ ref('fct_customer_product_daily') }}
    where
        customer_key is not null
        and order_date <= {{ as_of_date() }}
        and effective_date <= {{ as_of_date() }}

),

products as (

    select * from {{ ref('dim_product') }}

),

placed as (

    select
        customer_key,
        row_number() over (partition by customer_key order by {{ in_order }}) as place,
        {{ known_value('first', 'channel', 'customer_key', in_order) }} as first_channel,
        {{ known_value('last', 'channel', 'customer_key', in_order) }} as last_channel,
        {{ known_value('first', 'device', 'customer_key', in_order) }} as first_device,
        {{ known_value('last', 'device', 'customer_key', in_order) }} as last_device,
        {{ known_value('last', 'currency', 'customer_key', in_order) }} as currency

    from orders

),

ways as (

    select * from placed where place = 1

),

bought as (

    select
        customer_key,
        product_key,
        sum(orders) as orders

    from product_days
    group by customer_key, product_key
    having sum(orders) > 0

),

-- by category first: a distinct count over all products ran out of 2 GB
categories as (

    select
        bought.customer_key,
        products.category_key,
        count(bought.product_key) as products,
        max(bought.orders) as most_orders_of_a_product

    from bought
    left join products on products.product_key = bought.product_key
    group by bought.customer_key, products.category_key

),

variety as (

    select
        customer_key,
        cast(sum(products) as bigint) as distinct_products,
        cast(count(category_key) as bigint) as distinct_categories,
        cast(max(most_orders_of_a_product) as bigint) as most_orders_of_a_product

    from categories
    group by customer_key

),

final as (

    select
        ways.customer_key,
        ways.first_channel,
        ways.last_channel,
        ways.first_device,
        ways.last_device,
        ways.currency,
        coalesce(variety.distinct_products, 0) as distinct_products,
        coalesce(variety.distinct_categories, 0) as distinct_categories,
        coalesce(variety.most_orders_of_a_product, 0) as most_orders_of_a_product

    from ways
    left join variety on variety.customer_key = ways.customer_key

)

select * from final
