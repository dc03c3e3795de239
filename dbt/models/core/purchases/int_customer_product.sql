-- one row per customer and product they bought by D, kept or not
with order_products as (

    select * from {{ ref('int_order_product') }}
    where customer_number is not null and product_number is not null

),

days as (

    select
        customer_number,
        product_number,
        order_date,
        max(case when is_kept then 1 else 0 end) as days_kept

    from order_products
    group by customer_number, product_number, order_date

),

final as (

    select
        customer_number,
        product_number,
        max(days_kept) = 1 as is_kept,
        cast(sum(days_kept) as int) as days_bought,
        max(order_date) as last_order_date

    from days
    group by customer_number, product_number

)

select * from final
