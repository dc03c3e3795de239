-- one row per raw row of order_items: one piece of a product
with items as (

    select * from {{ raw('olist', 'order_items') }}

),

final as (

    select
        order_id || '-' || cast(order_item_id as string) as order_line_id,
        order_id,
        product_id,
        product_id as sku,
        1 as quantity,
        {{ money('price') }} as gross_amount,
        true as is_merchandise,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from items

)

select * from final
