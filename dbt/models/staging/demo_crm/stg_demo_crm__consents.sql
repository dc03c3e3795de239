-- staging/demo_crm/stg_demo_crm__consents.sql: one row per version of a subscription change
with consents as (

    select * from {{ raw('demo_crm', 'consents') }}

),

final as (

    select
        {{ blank_to_null(json_text('properties', 'contact_id')) }} as contact_id,
        lower({{ blank_to_null(json_text('properties', 'channel')) }}) as channel,
        case {{ json_text('properties', 'subscription_status') }}
            when 'SUBSCRIBED' then 'granted'
            when 'UNSUBSCRIBED' then 'withdrawn'
            else lower({{ blank_to_null(json_text('properties', 'subscription_status')) }})
        end as status,
        {{ utc_timestamp(json_text('properties', 'hs_timestamp')) }} as occurred_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from consents

)

select * from final
