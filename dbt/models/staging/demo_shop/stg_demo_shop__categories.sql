-- staging/demo_shop/stg_demo_shop__categories.sql: one row per version of a category
with categories as (

    select * from {{ raw('demo_shop', 'categories') }}

),

final as (

    select
        cast(id as string) as category_id,
        {{ blank_to_null('name') }} as name,
        cast(parent_id as string) as parent_category_id,
        {{ utc_timestamp('updated_at') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from categories

)

select * from final
