-- staging/demo_shop/stg_demo_shop__order_lines.sql: one row per version of an order item, money without tax
with items as (

    select * from {{ raw('demo_shop', 'order_items') }}

),

discounts as (

    select * from {{ ref('int_demo_shop__item_discounts') }}

),

variants as (

    select * from {{ ref('int_demo_shop__variants') }}

),

valued as (

    select
        items.*,
        items.quantity * items.unit_price_cents as gross_cents,
        discounts.discount_cents,
        variants.product_id,
        variants.sku,
        variants.is_merchandise

    from items
    left join discounts
        on discounts.source_system = items.source_system
        and discounts.order_item_id = items.id
    left join variants
        on variants.source_system = items.source_system
        and variants.variant_id = items.variant_id

),

untaxed as (

    select
        *,
        {{ hundredths_excluding_tax('gross_cents', 'tax_rate_bp') }} as gross_amount,
        {{ hundredths_excluding_tax('discount_cents', 'tax_rate_bp') }} as discount_amount

    from valued

),

final as (

    select
        cast(id as string) as order_line_id,
        cast(order_id as string) as order_id,
        cast(product_id as string) as product_id,
        sku,
        {{ blank_to_null('title') }} as title,
        cast(quantity as decimal(18, 4)) as quantity,
        {{ hundredths_excluding_tax('unit_price_cents', 'tax_rate_bp') }} as unit_price,
        gross_amount,
        {{ money(hundredths('gross_cents - discount_cents') ~ ' - (gross_amount - discount_amount)') }} as tax_amount,
        discount_amount,
        is_merchandise,
        {{ utc_timestamp('updated_at') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from untaxed

)

select * from final
