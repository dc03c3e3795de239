-- one row per id, e-mail and spelling of a phone number by which rows name somebody who is to be erased
with records as (

    select * from {{ ref('int_erased_record') }}

),

origins as (

    select * from {{ ref('int_identity_origin') }}

),

links as (

    select * from {{ ref('int_identity_link') }}

),

phones as (

    select * from {{ ref('int_identity_phone') }}

),

spellings as (

    select * from {{ ref('int_phone_spelling') }}

),

erasure_requests as (

    select * from {{ ref('erasure_requests') }} where not is_deleted

),

customers as (

    select * from {{ ref('customers_rows') }}

),

contacts as (

    select * from {{ ref('contacts_rows') }}

),

orders as (

    select * from {{ ref('orders_rows') }} where customer_id is null

),

checkouts as (

    select * from {{ ref('checkouts_rows') }} where customer_id is null

),

-- every version counts, not only the newest
bearers as (

    select
        {{ customer_record_key('source_system', 'customer_id') }} as record_key,
        email,
        phone,
        country
    from customers

    union

    select
        {{ contact_record_key('source_system', 'contact_id') }},
        email,
        phone,
        country
    from contacts

    union

    select
        {{ person_record_key('orders', 'orders.country') }},
        email,
        phone,
        country
    from orders

    union

    select
        {{ person_record_key('checkouts', 'null') }},
        email,
        phone,
        cast(null as string)
    from checkouts

),

borne as (

    select
        bearers.email,
        bearers.phone,
        bearers.country
    from bearers
    inner join records on records.record_key = bearers.record_key

    union

    select
        email,
        phone,
        cast(null as string)
    from erasure_requests

),

-- what somebody else is known by today is not theirs alone
keys_of_others as (

    select distinct links.link_key
    from links
    left join records on records.record_key = links.record_key
    where records.record_key is null

),

emails as (

    select distinct
        {{ normalised_email('email') }} as email,
        {{ hash_key(["'email'", normalised_email('email')]) }} as email_key
    from borne
    where {{ normalised_email('email') }} is not null

),

numbers as (

    select distinct
        borne.phone,
        phones.e164,
        {{ hash_key(["'e164'", 'phones.e164']) }} as e164_key
    from borne
    inner join phones on phones.phone_key = {{ phone_key('borne.phone', 'borne.country') }}

),

own_numbers as (

    select
        numbers.phone,
        numbers.e164
    from numbers
    left join keys_of_others on keys_of_others.link_key = numbers.e164_key
    where keys_of_others.link_key is null

),

-- in another country the same spelling is another number
other_numbers as (

    select distinct spellings.phone
    from spellings
    inner join phones on phones.phone_key = spellings.phone_key
    left join own_numbers on own_numbers.e164 = phones.e164
    where own_numbers.e164 is null

),

final as (

    select
        'customer_id' as kind,
        origins.source_system,
        origins.record_id as value
    from origins
    inner join records on records.record_key = origins.record_key
    where origins.record_type = 'customer'

    union

    select
        'customer_id',
        {{ customer_system('source_system') }},
        customer_id
    from erasure_requests
    where customer_id is not null

    union

    select
        'contact_id',
        origins.source_system,
        origins.record_id
    from origins
    inner join records on records.record_key = origins.record_key
    where origins.record_type = 'contact'

    union

    select
        'contact_id',
        source_system,
        contact_id
    from erasure_requests
    where contact_id is not null

    union

    -- an e-mail that too many share stands for the guests who gave it
    select
        case when keys_of_others.link_key is null then 'email' else 'guest_email' end,
        cast(null as string),
        emails.email
    from emails
    left join keys_of_others on keys_of_others.link_key = emails.email_key
    left join (
        select distinct {{ normalised_email('email') }} as email
        from erasure_requests
    ) as requested on requested.email = emails.email
    where keys_of_others.link_key is null or requested.email is not null

    union

    select
        'phone',
        cast(null as string),
        own_numbers.phone
    from own_numbers
    left join other_numbers on other_numbers.phone = own_numbers.phone
    where other_numbers.phone is null

    union

    select
        'phone',
        cast(null as string),
        e164
    from own_numbers

    union

    -- what a request gave beside something else is asked for with it, whomever it names
    select
        'request_phone',
        cast(null as string),
        phone
    from erasure_requests
    where phone is not null and coalesce(customer_id, contact_id, email) is not null

)

select * from final
