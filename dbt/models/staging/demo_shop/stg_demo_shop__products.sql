-- staging/demo_shop/stg_demo_shop__products.sql: one row per version of a product
with products as (

    select * from {{ raw('demo_shop', 'products') }}

),

variants as (

    select * from {{ ref('int_demo_shop__variants') }}

),

variant_totals as (

    select
        source_system,
        product_id,
        min(sku) as sku,
        min(price) as price,
        sum(stock_quantity) as stock_quantity

    from variants
    group by source_system, product_id

),

final as (

    select
        cast(products.id as string) as product_id,
        variant_totals.sku,
        {{ blank_to_null('products.title') }} as title,
        {{ blank_to_null('products.brand') }} as brand,
        cast(products.category_id as string) as category_id,
        variant_totals.price,
        cast(variant_totals.stock_quantity as decimal(18, 4)) as stock_quantity,
        cast(products.is_active as boolean) as is_active,
        {{ utc_timestamp('products.updated_at') }} as updated_at,
        products.source_system,
        products._raw_table,
        products._loaded_at,
        products._as_of,
        products._is_deleted

    from products
    left join variant_totals
        on variant_totals.source_system = products.source_system
        and variant_totals.product_id = products.id

)

select * from final
