-- staging/demo_crm/stg_demo_crm__tickets.sql: one row per version of a request to customer care
with tickets as (

    select * from {{ raw('demo_crm', 'tickets') }}

),

final as (

    select
        id as ticket_id,
        {{ blank_to_null(json_text('properties', 'contact_id')) }} as contact_id,
        {{ utc_timestamp(json_text('properties', 'createdate')) }} as opened_at,
        {{ utc_timestamp(json_text('properties', 'closed_date')) }} as closed_at,
        lower({{ blank_to_null(json_text('properties', 'hs_pipeline_stage')) }}) as status,
        cast({{ blank_to_null(json_text('properties', 'satisfaction')) }} as int) as satisfaction,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from tickets

)

select * from final
