-- one row per raw record that may name a customer: shop customer, CRM contact, order or cart that was once a guest's
with phones as (

    select * from {{ ref('int_identity_phone') }}

),

customers as (

    select * from {{ ref('customers_rows') }} where customer_id is not null

),

contacts as (

    select * from {{ ref('contacts_rows') }} where contact_id is not null

),

{% set events = [
    ('orders', 'order_id', 'ordered_at', 'orders.country'),
    ('checkouts', 'checkout_id', 'started_at', 'null'),
    ('refunds', 'refund_id', 'refunded_at', none),
] -%}
{% for relation, record, occurred_at, country in events -%}
{{ relation }} as (

    select * from {{ ref(relation ~ '_rows') }} where {{ record }} is not null

),

{% endfor -%}
-- every row that names somebody, as landed: the raw record, whom it names, and what it shares with others
sightings as (

    select
        {{ customer_record_key('customers.source_system', 'customers.customer_id') }} as origin_key,
        {{ customer_record_key('customers.source_system', 'customers.customer_id') }} as record_key,
        'customer' as record_type,
        customers.source_system,
        customers.customer_id as record_id,
        {{ normalised_email('customers.email') }} as email,
        phones.e164,
        cast(null as string) as named_record_key,
        customers.created_at as recorded_at,
        customers.outcome,
        customers.updated_at,
        customers.loaded_at,
        customers.landed_as_of,
        customers.row_hash
    from customers
    left join phones on phones.phone_key = {{ phone_key('customers.phone', 'customers.country') }}

    union all

    select
        {{ contact_record_key('contacts.source_system', 'contacts.contact_id') }},
        {{ contact_record_key('contacts.source_system', 'contacts.contact_id') }},
        'contact',
        contacts.source_system,
        contacts.contact_id,
        {{ normalised_email('contacts.email') }},
        phones.e164,
        {{ named_customer_record_key('contacts') }},
        contacts.created_at,
        contacts.outcome,
        contacts.updated_at,
        contacts.loaded_at,
        contacts.landed_as_of,
        contacts.row_hash
    from contacts
    left join phones on phones.phone_key = {{ phone_key('contacts.phone', 'contacts.country') }}

    {% for relation, record, occurred_at, country in events -%}
    union all

    -- a customer may be seen only here
    select
        {{ customer_record_key('source_system', 'customer_id') }},
        {{ customer_record_key('source_system', 'customer_id') }},
        'customer',
        source_system,
        customer_id,
        cast(null as string),
        cast(null as string),
        cast(null as string),
        min({{ occurred_at }}),
        outcome,
        cast(null as timestamp),
        loaded_at,
        min(landed_as_of),
        cast(null as string)
    from {{ relation }}
    where customer_id is not null
    group by source_system, customer_id, outcome, loaded_at

    {% endfor -%}
    {% for relation, record, occurred_at, country in events if relation != 'refunds' -%}
    union all

    select
        {{ hash_key(["'" ~ relation ~ "'", relation ~ '.source_system', relation ~ '.' ~ record]) }},
        case
            when
                {{ relation }}.customer_id is not null
                or {{ normalised_email(relation ~ '.email') }} is not null
                or phones.e164 is not null
                then {{ person_record_key(relation, country) }}
        end,
        case when {{ relation }}.customer_id is not null then 'customer' else 'guest' end,
        {{ relation }}.source_system,
        {{ relation }}.customer_id,
        case when {{ relation }}.customer_id is null then {{ normalised_email(relation ~ '.email') }} end,
        case when {{ relation }}.customer_id is null then phones.e164 end,
        cast(null as string),
        {{ relation }}.{{ occurred_at }},
        {{ relation }}.outcome,
        {{ relation }}.updated_at,
        {{ relation }}.loaded_at,
        {{ relation }}.landed_as_of,
        {{ relation }}.row_hash
    from {{ relation }}
    inner join (
        select distinct source_system, {{ record }}
        from {{ relation }}
        where customer_id is null and (email is not null or phone is not null)
    ) as guests
        on guests.source_system = {{ relation }}.source_system
        and guests.{{ record }} = {{ relation }}.{{ record }}
    left join phones on phones.phone_key = {{ phone_key(relation ~ '.phone', country) }}

    {% endfor -%}
),

-- What a record is known by counts from its first landing on, whatever became of that row: it never changes.
-- Whom it names is what its newest valid version says; one that names nobody any more stays with whom it named.
numbered as (

    select
        *,
        row_number() over (
            partition by origin_key
            order by
                case when outcome <> 'quarantined' and record_key is not null then 0 else 1 end nulls last,
                updated_at desc nulls last,
                loaded_at desc nulls last,
                row_hash nulls last
        ) as version_number,
        first_value(loaded_at) over (
            partition by origin_key order by loaded_at nulls last, recorded_at nulls last
        ) as first_loaded_at,
        first_value(recorded_at) over (
            partition by origin_key order by loaded_at nulls last, recorded_at nulls last
        ) as first_recorded_at,
        min(landed_as_of) over (partition by origin_key) as first_landed_as_of,
        min(case when outcome = 'kept' then recorded_at end) over (partition by origin_key) as earliest_recorded_at

    from sightings

),

final as (

    select
        origin_key,
        record_key,
        record_type,
        source_system,
        record_id,
        case when email is not null then {{ hash_key(["'email'", 'email']) }} end as email_key,
        case when e164 is not null then {{ hash_key(["'e164'", 'e164']) }} end as e164_key,
        named_record_key,
        first_loaded_at,
        first_recorded_at,
        first_landed_as_of,
        earliest_recorded_at

    from numbered
    where version_number = 1 and outcome <> 'quarantined' and record_key is not null

)

select * from final
