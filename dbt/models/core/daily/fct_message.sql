-- one row per message event of a customer, machine opens marked
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['message_event_key']) -}}
{%- set message_event_key = hash_key(['source_system', 'message_event_id']) -%}

{%- call touch() %}
select {{ message_event_key }} as message_event_key from {{ changes(ref('messages_rows')) }}

union all

select {{ message_event_key }}
from {{ ref('messages') }} as messages
semi join {{ changes(ref('campaigns_rows')) }} as changed
    on changed.source_system = messages.source_system and changed.campaign_id = messages.campaign_id

union all

-- messages to records that belong to another customer now
select {{ message_event_key }}
from (select *, {{ contacted_record_key() }} as record_key from {{ ref('messages') }}) as messages
where record_key in (select record_key from {{ changes(ref('int_identity')) }})
{%- endcall -%}

with messages as (

    select * from {{ ref('messages') }} as messages
    {{ only_touched('messages', values={'message_event_key': message_event_key}) }}
    where not is_deleted

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
        {{ message_event_key }} as message_event_key,
        {{ contacted_record_key() }} as record_key

    from messages

),

final as (

    select
        keyed.message_event_key,
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
