-- one row per customer and product they bought by D, kept or not
with order_products as (

    select * from {{ ref('int_order_product') }} where customer_key is not null

),

final as (

    select
        customer_key,
        product_key,
        max(case when is_kept then 1 else 0 end) = 1 as is_kept,
        cast(count(distinct case when is_kept then order_date end) as int) as days_bought,
        max(order_date) as last_order_date

    from order_products
    group by customer_key, product_key

)

select * from final
