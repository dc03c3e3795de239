-- staging/demo_shop/stg_demo_shop__checkout_lines.sql: one row per version of a cart item
with cart_items as (

    select * from {{ raw('demo_shop', 'cart_items') }}

),

variants as (

    select * from {{ ref('int_demo_shop__variants') }}

),

final as (

    select
        cast(cart_items.cart_id as string) as checkout_id,
        cast(variants.product_id as string) as product_id,
        cast(cart_items.quantity as decimal(18, 4)) as quantity,
        {{ hundredths_excluding_tax('cart_items.unit_price_cents', 'cart_items.tax_rate_bp') }} as unit_price,
        {{ utc_timestamp('cart_items.updated_at') }} as updated_at,
        cart_items.deleted_at is not null as is_deleted,
        cart_items.source_system,
        cart_items._raw_table,
        cart_items._loaded_at,
        cart_items._as_of,
        cart_items._is_deleted

    from cart_items
    left join variants
        on variants.source_system = cart_items.source_system
        and variants.variant_id = cart_items.variant_id

)

select * from final
