-- one row per record of a person whom an erasure request names
with phones as (

    select * from {{ ref('int_identity_phone') }}

),

erasure_requests as (

    select * from {{ ref('erasure_requests') }} where not is_deleted

),

origins as (

    select * from {{ ref('int_identity_origin') }}

),

links as (

    select * from {{ ref('int_identity_link') }}

),

components as (

    select * from {{ exchange('identity_component') }}

),

requests as (

    select
        {{ customer_record_key(customer_system('erasure_requests.source_system'), 'erasure_requests.customer_id') }}
            as customer_record_key,
        {{ contact_record_key('erasure_requests.source_system', 'erasure_requests.contact_id') }}
            as contact_record_key,
        {{ hash_key(["'email'", normalised_email('erasure_requests.email')]) }} as email_key,
        {{ hash_key(["'e164'", 'phones.e164']) }} as e164_key

    from erasure_requests
    left join phones on phones.phone_key = {{ phone_key('erasure_requests.phone', 'null') }}

),

named as (

    select customer_record_key as record_key from requests

    union

    select contact_record_key from requests

    union

    select links.record_key
    from requests
    inner join links on links.link_key in (requests.email_key, requests.e164_key)
    where not links.is_blocked

),

-- of those who share an e-mail that links nobody it names the guests, who are known by nothing better
named_as_guests as (

    select distinct links.record_key
    from requests
    inner join links on links.link_key = requests.email_key
    where links.is_blocked and links.rule = 'guest_email'

),

persons as (

    select distinct
        origins.record_key,
        coalesce(components.component_key, origins.record_key) as person_key

    from origins
    left join components on components.record_key = origins.record_key

),

named_persons as (

    select distinct persons.person_key
    from named
    inner join persons on persons.record_key = named.record_key

),

final as (

    select
        persons.record_key,
        persons.person_key

    from persons
    left join named_persons on named_persons.person_key = persons.person_key
    left join named_as_guests on named_as_guests.record_key = persons.record_key
    where named_persons.person_key is not null or named_as_guests.record_key is not null

)

select * from final
