-- one row per node of department > category > type
with products as (

    select * from {{ ref('int_complete_journey__products') }}

),

newest_products as (

    select * from {{ newest('products', ['product_id']) }}

),

nodes as (

    select
        source_system,
        department_path as category_id,
        department as name,
        cast(null as string) as parent_category_id,
        _loaded_at,
        _as_of
    from newest_products

    union all

    select
        source_system,
        category_path as category_id,
        product_category as name,
        department_path as parent_category_id,
        _loaded_at,
        _as_of
    from newest_products

    union all

    select
        source_system,
        type_path as category_id,
        product_type as name,
        category_path as parent_category_id,
        _loaded_at,
        _as_of
    from newest_products

),

final as (

    select
        source_system,
        category_id,
        name,
        parent_category_id,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from nodes
    where category_id is not null
    group by source_system, category_id, name, parent_category_id

)

select * from final
