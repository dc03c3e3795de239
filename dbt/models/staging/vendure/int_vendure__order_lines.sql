-- staging/vendure/int_vendure__order_lines.sql: one row per version of an order line, with its money
with order_lines as (

    select * from {{ raw('vendure', 'order_line') }}

),

orders as (

    select * from {{ raw('vendure', 'order') }}

),

variants as (

    select * from {{ raw('vendure', 'product_variant') }}

),

names as (

    select * from {{ ref('int_vendure__names') }} where entity = 'product'

),

newest_orders as (

    select * from {{ newest('orders', ['id'], 'updatedAt') }}

),

newest_variants as (

    select * from {{ newest('variants', ['id'], 'updatedAt') }}

),

-- A cancellation lowers the quantity only, so what was bought is the larger one; its price is the list price.
bought as (

    select
        *,
        greatest(quantity, orderPlacedQuantity) as bought_quantity,
        greatest(quantity, orderPlacedQuantity) * listPrice as list_cents,
        {{ json_sum('adjustments', 'amount') }} as adjustment_cents,
        100 * {{ json_sum('taxLines', 'taxRate') }} as tax_rate_bp

    from order_lines

),

priced as (

    select
        *,
        case when listPriceIncludesTax then tax_rate_bp else 0 end as included_tax_bp,
        case when listPriceIncludesTax then 0 else tax_rate_bp end as added_tax_bp

    from bought

),

final as (

    select
        order_lines.id,
        order_lines.orderId as order_id,
        orders.orderPlacedAt is null and orders.id is not null as is_in_cart,
        variants.productId as product_id,
        {{ blank_to_null('variants.sku') }} as sku,
        names.name as title,
        order_lines.bought_quantity as quantity,
        {{ hundredths_excluding_tax('order_lines.listPrice', 'order_lines.included_tax_bp') }} as unit_price,
        {{ hundredths_excluding_tax('order_lines.list_cents', 'order_lines.included_tax_bp') }} as gross_amount,
        {{ hundredths_excluding_tax(
            'order_lines.list_cents + order_lines.adjustment_cents', 'order_lines.included_tax_bp'
        ) }} as net_amount,
        {{ hundredths_including_tax(
            'order_lines.list_cents + order_lines.adjustment_cents', 'order_lines.added_tax_bp'
        ) }} as paid_amount,
        {{ utc_timestamp('order_lines.updatedAt') }} as updated_at,
        order_lines.source_system,
        order_lines._raw_table,
        order_lines._loaded_at,
        order_lines._as_of,
        order_lines._is_deleted and not coalesce(orders._is_deleted, false) as _is_deleted

    from priced as order_lines
    left join newest_orders as orders
        on orders.source_system = order_lines.source_system
        and orders.id = order_lines.orderId
    left join newest_variants as variants
        on variants.source_system = order_lines.source_system
        and variants.id = order_lines.productVariantId
    left join names
        on names.source_system = variants.source_system
        and names.base_id = variants.productId

)

select * from final
