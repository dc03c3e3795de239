-- staging/woocommerce/stg_woocommerce__order_lines.sql: one row per version of a product or fee of an order
with items as (

    select * from {{ ref('int_woocommerce__order_items') }}
    where kind = 'order' and order_item_type in ('line_item', 'fee')

),

product_lookup as (

    select * from {{ raw('woocommerce', 'product_meta_lookup') }}

),

newest_products as (

    select * from {{ newest('product_lookup', ['product_id']) }}

),

-- a negative fee is a discount of its own
valued as (

    select
        items.*,
        case when items.order_item_type = 'fee' and items.subtotal < 0 then 0 else items.subtotal end as gross

    from items

),

final as (

    select
        cast(items.order_item_id as string) as order_line_id,
        cast(items.order_id as string) as order_id,
        cast(items.product_id as string) as product_id,
        {{ blank_to_null('products.sku') }} as sku,
        {{ blank_to_null('items.order_item_name') }} as title,
        case when items.order_item_type = 'fee' then 1 else items.quantity end as quantity,
        {{ money('items.gross') }} as gross_amount,
        {{ money('items.tax') }} as tax_amount,
        {{ money('items.gross') }} - {{ money('items.total') }} as discount_amount,
        items.order_item_type = 'line_item' as is_merchandise,
        items.source_system,
        case when items.order_item_type = 'line_item' then items._raw_table end as _raw_table,
        items._loaded_at,
        items._as_of,
        items.is_removed as _is_deleted

    from valued as items
    left join newest_products as products
        on products.source_system = items.source_system
        and products.product_id = coalesce(items.variation_id, items.product_id)

)

select * from final
