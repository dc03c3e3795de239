-- staging/demo_crm/stg_demo_crm__messages.sql: one row per version of an e-mail event
with messages as (

    select * from {{ raw('demo_crm', 'messages') }}

),

final as (

    select
        id as message_event_id,
        {{ blank_to_null(json_text('properties', 'contact_id')) }} as contact_id,
        {{ blank_to_null(json_text('properties', 'campaign_id')) }} as campaign_id,
        case {{ json_text('properties', 'type') }}
            when 'OPEN' then 'opened'
            when 'CLICK' then 'clicked'
            when 'BOUNCE' then 'bounced'
            when 'STATUSCHANGE' then 'unsubscribed'
            when 'SPAMREPORT' then 'complained'
            else lower({{ blank_to_null(json_text('properties', 'type')) }})
        end as event_type,
        {{ json_text('properties', 'is_machine') }} = 'true' as is_machine,
        {{ utc_timestamp(json_text('properties', 'hs_timestamp')) }} as occurred_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from messages

)

select * from final
