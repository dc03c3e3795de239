-- staging/woocommerce/stg_woocommerce__checkout_lines.sql: one row per version of a product in a draft
with items as (

    select * from {{ ref('int_woocommerce__order_items') }}
    where kind = 'cart' and order_item_type = 'line_item'

),

final as (

    select
        cast(order_id as string) as checkout_id,
        cast(order_item_id as string) as checkout_line_id,
        cast(product_id as string) as product_id,
        quantity,
        {{ money('cast(subtotal as double) / cast(nullif(quantity, 0) as double)') }} as unit_price,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        is_removed as _is_deleted

    from items

)

select * from final
