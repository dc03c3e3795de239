-- one row per visit, product view or search, with the customer behind it where known
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['browse_event_key']) -}}
{%- set browse_event_key = hash_key(['source_system', 'event_id']) -%}
{%- set record_key = customer_record_key('source_system', 'customer_id') -%}
{%- set email_key = hash_key(["'email'", normalised_email('email')]) -%}

{%- call touch() %}
-- events that are others now or may be of another customer, and all other events of their visitors
with touched as (

    select * from {{ changes(ref('browse_events_rows')) }}

    union all

    select * from {{ ref('browse_events') }}
    where
        {{ record_key }} in (select record_key from {{ changes(ref('int_identity')) }})
        or {{ email_key }} in (select email_key from {{ changes(ref('int_email_customer')) }})

)

select {{ browse_event_key }} as browse_event_key from touched

union all

select {{ browse_event_key }}
from {{ ref('browse_events') }} as browse_events
semi join touched
    on touched.source_system = browse_events.source_system and touched.visitor_id = browse_events.visitor_id
{%- endcall -%}

with browse_events as (

    select
        *,
        {{ browse_event_key }} as browse_event_key,
        {{ record_key }} as record_key,
        {{ email_key }} as email_key

    from {{ ref('browse_events') }} as browse_events
    {{ only_touched('browse_events', values={'browse_event_key': browse_event_key}) }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

email_customers as (

    select * from {{ ref('int_email_customer') }}

),

named as (

    select
        browse_events.*,
        case
            when browse_events.customer_id is not null then identity.customer_key
            else email_customers.customer_key
        end as named_customer_key

    from browse_events
    left join identity on identity.record_key = browse_events.record_key
    left join email_customers on email_customers.email_key = browse_events.email_key

),

-- a visitor who was ever seen as one customer, and as no other, is that customer
visitors as (

    select
        source_system,
        visitor_id,
        min(named_customer_key) as customer_key

    from named
    where visitor_id is not null and named_customer_key is not null
    group by source_system, visitor_id
    having count(distinct named_customer_key) = 1

),

final as (

    select
        named.browse_event_key,
        coalesce(named.named_customer_key, visitors.customer_key) as customer_key,
        named.source_system,
        named.event_id,
        named.event_type,
        named.search_term,
        case
            when named.product_id is not null then {{ hash_key(['named.source_system', 'named.product_id']) }}
        end as product_key,
        named.channel,
        named.device,
        named.occurred_at,
        {{ business_date('named.occurred_at') }} as occurred_date

    from named
    left join visitors
        on visitors.source_system = named.source_system
        and visitors.visitor_id = case when named.customer_id is null then named.visitor_id end

)

select * from final
