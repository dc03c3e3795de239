-- one row per message event of a customer, machine opens marked
with messages as (

    select * from {{ ref('messages') }} where not is_deleted

),

campaigns as (

    select * from {{ ref('campaigns') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

keyed as (

    select
        *,
        {{ contacted_record_key() }} as record_key

    from messages

),

final as (

    select
        {{ hash_key(['keyed.source_system', 'keyed.message_event_id']) }} as message_event_key,
        identity.customer_key,
        keyed.source_system,
        keyed.message_event_id,
        keyed.campaign_id,
        campaigns.channel,
        keyed.event_type,
        coalesce(keyed.is_machine, false) as is_machine,
        keyed.occurred_at,
        {{ business_date('keyed.occurred_at') }} as occurred_date

    from keyed
    left join identity on identity.record_key = keyed.record_key
    left join campaigns
        on campaigns.source_system = keyed.source_system
        and campaigns.campaign_id = keyed.campaign_id

)

select * from final
