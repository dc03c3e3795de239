-- staging/demo_crm/stg_demo_crm__erasure_requests.sql: one row per version of a request to be erased
with erasure_requests as (

    select * from {{ raw('demo_crm', 'erasure_requests') }}

),

final as (

    select
        id as request_id,
        {{ blank_to_null(json_text('properties', 'email')) }} as email,
        {{ utc_timestamp(json_text('properties', 'hs_timestamp')) }} as requested_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from erasure_requests

)

select * from final
