-- staging/demo_crm/stg_demo_crm__declared_traits.sql: one row per version of something that a contact said of themselves
with declared_traits as (

    select * from {{ raw('demo_crm', 'declared_traits') }}

),

final as (

    select
        {{ blank_to_null(json_text('properties', 'contact_id')) }} as contact_id,
        lower({{ blank_to_null(json_text('properties', 'trait')) }}) as trait,
        {{ blank_to_null(json_text('properties', 'value')) }} as value,
        {{ utc_timestamp(json_text('properties', 'hs_timestamp')) }} as declared_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from declared_traits

)

select * from final
