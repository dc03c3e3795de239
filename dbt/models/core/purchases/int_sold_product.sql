-- one row per product that somebody bought and kept by D: how often, whether they come back for it, whether it can be had
with order_products as (

    select * from {{ ref('int_order_product') }} where is_kept

),

customer_products as (

    select * from {{ ref('int_customer_product') }} where is_kept

),

numbers as (

    select * from {{ ref('int_product_number') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

sales as (

    select
        product_number,
        count(*) as orders

    from order_products
    group by product_number

),

buyers as (

    select
        product_number,
        {{ ratio('sum(case when days_bought >= 2 then 1 else 0 end)', 'count(*)') }} as repeat_share

    from customer_products
    group by product_number

),

final as (

    select
        numbers.product_key,
        sales.product_number,
        coalesce(products.title, products.sku, products.product_id) as title,
        cast(sales.orders as bigint) as orders,
        buyers.repeat_share,
        coalesce(buyers.repeat_share >= {{ var('repeat_purchase_min_share') }}, false) as is_repeat_purchase,
        coalesce(products.is_active and coalesce(products.stock_quantity > 0, true), false) as is_available

    from sales
    inner join numbers on numbers.product_number = sales.product_number
    left join buyers on buyers.product_number = sales.product_number
    left join products on products.product_key = numbers.product_key

)

select * from final
