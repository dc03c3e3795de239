-- one row per raw row of order_items
with order_items as (

    select * from {{ raw('messy_shop', 'order_items') }}

),

final as (

    select
        {{ blank_to_null('item_no') }} as order_line_id,
        {{ blank_to_null('order_no') }} as order_id,
        {{ blank_to_null('sku') }} as product_id,
        {{ blank_to_null('sku') }} as sku,
        {{ blank_to_null('title') }} as title,
        cast({{ parsed_number('quantity', ',') }} as decimal(18, 4)) as quantity,
        {{ money(parsed_number('amount', ',')) }} as gross_amount,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from order_items

)

select * from final
