-- one row per product that is listed or in an order line: a number for it and one for its category, of this date only
with products as (

    select * from {{ ref('dim_product') }}

),

-- what is no longer listed may have been sold
all_products as (

    select product_key from products

    union

    select product_key from {{ ref('fct_order_line') }} where product_key is not null

),

final as (

    select
        all_products.product_key,
        cast(row_number() over (order by all_products.product_key nulls last) as int) as product_number,
        products.category_key,
        case
            when products.category_key is not null
                then cast(dense_rank() over (order by products.category_key nulls last) as int)
        end as category_number,
        products.sku

    from all_products
    left join products on products.product_key = all_products.product_key

)

select * from final
