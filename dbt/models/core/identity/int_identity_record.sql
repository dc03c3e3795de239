-- one row per record that stands for a person: shop customer, CRM contact, or the e-mail of guests
with customers as (

    select * from {{ ref('customers_rows') }} where outcome <> 'quarantined' and customer_id is not null

),

contacts as (

    select * from {{ ref('contacts_rows') }} where outcome <> 'quarantined' and contact_id is not null

),

orders as (

    select * from {{ ref('orders') }}

),

checkouts as (

    select * from {{ ref('checkouts') }}

),

refunds as (

    select * from {{ ref('refunds') }}

),

sightings as (

    select
        'customer' as record_type,
        source_system,
        customer_id as record_id,
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }} as record_key,
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }} as origin_key,
        loaded_at,
        created_at as recorded_at
    from customers

    union all

    select
        'contact',
        source_system,
        contact_id,
        {{ hash_key(["'contact'", 'source_system', 'contact_id']) }},
        {{ hash_key(["'contact'", 'source_system', 'contact_id']) }},
        loaded_at,
        created_at
    from contacts

    {% for relation, record, occurred_at in [
        ('orders', 'order_id', 'ordered_at'),
        ('checkouts', 'checkout_id', 'started_at'),
        ('refunds', 'refund_id', 'refunded_at'),
    ] -%}
    union all

    select
        'customer',
        source_system,
        customer_id,
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }},
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }},
        min(loaded_at),
        min({{ occurred_at }})
    from {{ relation }}
    where customer_id is not null
    group by source_system, customer_id

    {% if relation != 'refunds' -%}
    union all

    select
        'guest',
        source_system,
        cast(null as string),
        {{ hash_key(["'guest'", normalised_email('email')]) }},
        {{ hash_key(["'" ~ relation ~ "'", 'source_system', record]) }},
        loaded_at,
        {{ occurred_at }}
    from {{ relation }}
    where customer_id is null and {{ normalised_email('email') }} is not null

    {% endif -%}
    {% endfor %}
),

ranked as (

    select
        *,
        row_number() over (
            partition by record_key
            order by loaded_at nulls last, recorded_at nulls last, origin_key nulls last
        ) as sighting_number,
        min(recorded_at) over (partition by record_key) as earliest_recorded_at

    from sightings

),

final as (

    select
        record_key,
        record_type,
        source_system,
        record_id,
        origin_key,
        loaded_at as first_loaded_at,
        recorded_at as first_recorded_at,
        earliest_recorded_at

    from ranked
    where sighting_number = 1

)

select * from final
