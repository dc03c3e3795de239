-- one row per raw row of products
with products as (

    select * from {{ raw('olist', 'products') }}

),

final as (

    select
        product_id,
        product_id as sku,
        {{ blank_to_null('product_category_name') }} as category_id,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from products

)

select * from final
