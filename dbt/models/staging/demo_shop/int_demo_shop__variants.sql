-- staging/demo_shop/int_demo_shop__variants.sql: one row per product variant at its newest version
with variants as (

    select * from {{ raw('demo_shop', 'product_variants') }}

),

products as (

    select * from {{ raw('demo_shop', 'products') }}

),

non_merchandise as (

    select * from {{ ref('demo_shop_non_merchandise') }}

),

newest_variants as (

    select * from {{ newest('variants', ['id'], 'updated_at') }}

),

newest_products as (

    select * from {{ newest('products', ['id'], 'updated_at') }}

),

final as (

    select
        variants.source_system,
        variants.id as variant_id,
        variants.product_id,
        {{ blank_to_null('variants.sku') }} as sku,
        {{ hundredths('variants.price_cents') }} as price,
        cast(variants.stock_quantity as decimal(18, 4)) as stock_quantity,
        non_merchandise.product_kind is null as is_merchandise

    from newest_variants as variants
    left join newest_products as products
        on products.source_system = variants.source_system
        and products.id = variants.product_id
    left join non_merchandise on non_merchandise.product_kind = products.kind

)

select * from final
