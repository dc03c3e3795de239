-- staging/demo_crm/stg_demo_crm__campaigns.sql: one row per version of a campaign
with campaigns as (

    select * from {{ raw('demo_crm', 'campaigns') }}

),

final as (

    select
        id as campaign_id,
        {{ blank_to_null(json_text('properties', 'hs_name')) }} as name,
        lower({{ blank_to_null(json_text('properties', 'hs_channel')) }}) as channel,
        {{ utc_timestamp(json_text('properties', 'hs_start_date')) }} as started_at,
        {{ utc_timestamp(json_text('properties', 'hs_end_date')) }} as ended_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from campaigns

)

select * from final
