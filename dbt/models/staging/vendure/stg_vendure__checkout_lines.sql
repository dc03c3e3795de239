-- staging/vendure/stg_vendure__checkout_lines.sql: one row per version of a variant in a cart
with order_lines as (

    select * from {{ ref('int_vendure__order_lines') }}
    where is_in_cart

),

final as (

    select
        cast(order_id as string) as checkout_id,
        cast(id as string) as checkout_line_id,
        cast(product_id as string) as product_id,
        cast(quantity as decimal(18, 4)) as quantity,
        unit_price,
        updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from order_lines

)

select * from final
