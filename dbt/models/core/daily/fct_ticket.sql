-- one row per request to customer care
with tickets as (

    select
        *,
        {{ contact_record_key('source_system', 'contact_id') }} as record_key

    from {{ ref('tickets') }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        {{ hash_key(['tickets.source_system', 'tickets.ticket_id']) }} as ticket_key,
        identity.customer_key,
        tickets.source_system,
        tickets.ticket_id,
        tickets.status,
        tickets.satisfaction,
        tickets.opened_at,
        {{ business_date('tickets.opened_at') }} as opened_date,
        {{ business_date('tickets.closed_at') }} as closed_date

    from tickets
    left join identity on identity.record_key = tickets.record_key

)

select * from final
