-- staging/vendure/stg_vendure__categories.sql: one row per version of a collection
with collections as (

    select * from {{ raw('vendure', 'collection') }}

),

names as (

    select * from {{ ref('int_vendure__names') }} where entity = 'collection'

),

newest_collections as (

    select * from {{ newest('collections', ['id'], 'updatedAt') }}

),

final as (

    select
        cast(collections.id as string) as category_id,
        names.name,
        cast(parents.id as string) as parent_category_id,
        {{ utc_timestamp('collections.updatedAt') }} as updated_at,
        collections.source_system,
        collections._raw_table,
        collections._loaded_at,
        collections._as_of,
        collections._is_deleted

    from collections
    left join newest_collections as parents
        on parents.source_system = collections.source_system
        and parents.id = collections.parentId
        and not parents.isRoot
    left join names
        on names.source_system = collections.source_system
        and names.base_id = collections.id
    where not collections.isRoot

)

select * from final
