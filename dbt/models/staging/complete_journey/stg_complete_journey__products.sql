-- one row per raw row of products
with products as (

    select * from {{ ref('int_complete_journey__products') }}

),

final as (

    select
        product_id,
        product_id as sku,
        coalesce(product_type || ', ' || package_size, product_type, product_category, department) as title,
        brand,
        coalesce(type_path, category_path, department_path) as category_id,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from products

)

select * from final
