-- one row per raw row of products, with its category paths
with source as (

    select * from {{ raw('complete_journey', 'products') }}

),

typed as (

    select
        cast(product_id as string) as product_id,
        {{ blank_to_null('brand') }} as brand,
        {{ blank_to_null('department') }} as department,
        {{ blank_to_null('product_category') }} as product_category,
        {{ blank_to_null('product_type') }} as product_type,
        {{ blank_to_null('package_size') }} as package_size,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from source

),

-- A path ends at the first level that is missing, for || gives NULL with NULL.
final as (

    select
        *,
        department as department_path,
        department || ' > ' || product_category as category_path,
        department || ' > ' || product_category || ' > ' || product_type as type_path

    from typed

)

select * from final
