-- one row per product and source system, attributes as visible on the as-of date
with products as (

    select * from {{ visible_versions(ref('products_rows'), 'product_id') }}

),

final as (

    select
        {{ hash_key(['source_system', 'product_id']) }} as product_key,
        {{ as_of_date() }} as as_of_date,
        source_system,
        product_id,
        sku,
        title,
        brand,
        case when category_id is not null then {{ hash_key(['source_system', 'category_id']) }} end as category_key,
        price,
        stock_quantity,
        coalesce(is_active, true) as is_active,
        is_backfilled

    from products

)

select * from final
