-- one row per record that stands for a person: shop customer, CRM contact, or the e-mail of guests
with customers as (

    select * from {{ ref('customers_rows') }} where outcome <> 'quarantined' and customer_id is not null

),

contacts as (

    select * from {{ ref('contacts_rows') }} where outcome <> 'quarantined' and contact_id is not null

),

-- the newest versions, each with when any version of it was first landed
{% for relation, record in [('orders', 'order_id'), ('checkouts', 'checkout_id'), ('refunds', 'refund_id')] -%}
{{ relation }} as (

    select *
    from (
        select
            *,
            min(loaded_at) over (partition by source_system, {{ record }}) as first_loaded_at,
            min(landed_as_of) over (partition by source_system, {{ record }}) as first_landed_as_of
        from {{ ref(relation ~ '_rows') }}
    )
    where outcome = 'kept'

),

{% endfor -%}
sightings as (

    select
        'customer' as record_type,
        source_system,
        customer_id as record_id,
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }} as record_key,
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }} as origin_key,
        loaded_at as first_loaded_at,
        landed_as_of as first_landed_as_of,
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
        landed_as_of,
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
        min(first_loaded_at),
        min(first_landed_as_of),
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
        first_loaded_at,
        first_landed_as_of,
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
            order by first_loaded_at nulls last, recorded_at nulls last, origin_key nulls last
        ) as sighting_number,
        min(first_landed_as_of) over (partition by record_key) as earliest_landed_as_of,
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
        first_loaded_at,
        earliest_landed_as_of as first_landed_as_of,
        recorded_at as first_recorded_at,
        earliest_recorded_at

    from ranked
    where sighting_number = 1

)

select * from final
