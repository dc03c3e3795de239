-- one row per record and key that it bears; records that share a key that may link are one person
with origins as (

    select * from {{ ref('int_identity_origin') }}

),

-- identity_key is whom the record counts as against a shared key: a guest counts as the e-mail given, and nobody
-- counts against what is their own name
links as (

    select
        record_key,
        email_key as link_key,
        case when record_type = 'guest' then 'guest_email' else 'email' end as rule,
        case when record_type <> 'guest' then record_key end as identity_key
    from origins
    where email_key is not null

    union

    select
        record_key,
        e164_key,
        case when record_type = 'guest' then 'guest_phone' else 'phone' end,
        case when record_type = 'guest' then email_key else record_key end
    from origins
    where e164_key is not null

    union

    select
        record_key,
        named_record_key,
        'shop_customer_id',
        record_key
    from origins
    where named_record_key is not null

    union

    select
        customers.record_key,
        customers.record_key,
        'customer_id',
        cast(null as string)
    from origins as customers
    inner join origins as contacts on contacts.named_record_key = customers.record_key

),

joined_directly as (

    select
        link_key,
        count(distinct identity_key) as identity_count

    from links
    group by link_key

),

-- an e-mail joins also those whose phone numbers guests give with it
joined_by_guests as (

    select
        guests.identity_key as link_key,
        bearers.identity_key

    from links as guests
    inner join joined_directly
        on joined_directly.link_key = guests.link_key
        and joined_directly.identity_count <= {{ var('identity_max_records_per_key') }}
    inner join links as bearers
        on bearers.link_key = guests.link_key
        and bearers.identity_key <> guests.identity_key
    where guests.rule = 'guest_phone'

),

joined as (

    select
        link_key,
        count(distinct identity_key) as identity_count

    from (
        select link_key, identity_key from links

        union all

        select link_key, identity_key from joined_by_guests
    )
    group by link_key

),

final as (

    select
        links.record_key,
        links.link_key,
        links.rule,
        joined.identity_count,
        joined.identity_count > {{ var('identity_max_records_per_key') }} as is_blocked

    from links
    inner join joined on joined.link_key = links.link_key

)

select * from final
