-- one row per record and key that it bears; records that share a key that may link are one person
{%- set shops = {} %}
{%- for system in var('systems', []) if system.shop %}
    {%- do shops.update({system.name: system.shop}) %}
{%- endfor %}

with customers as (

    select * from {{ ref('customers') }}

),

contacts as (

    select * from {{ ref('contacts') }}

),

orders as (

    select * from {{ ref('orders') }}

),

checkouts as (

    select * from {{ ref('checkouts') }}

),

links as (

    select
        {{ hash_key(["'customer'", 'source_system', 'customer_id']) }} as record_key,
        {{ hash_key(["'email'", normalised_email('email')]) }} as link_key,
        'email' as rule
    from customers
    where {{ normalised_email('email') }} is not null

    union all

    select
        {{ hash_key(["'contact'", 'source_system', 'contact_id']) }},
        {{ hash_key(["'email'", normalised_email('email')]) }},
        'email'
    from contacts
    where {{ normalised_email('email') }} is not null

    {% for crm, shop in shops.items() -%}
    union all

    select
        {{ hash_key(["'contact'", 'source_system', 'contact_id']) }},
        {{ hash_key(["'customer'", "'" ~ shop ~ "'", 'shop_customer_id']) }},
        'shop_customer_id'
    from contacts
    where source_system = '{{ crm }}' and shop_customer_id is not null

    {% endfor -%}
    {% for relation in ['orders', 'checkouts'] -%}
    union all

    select distinct
        {{ hash_key(["'guest'", normalised_email('email')]) }},
        {{ hash_key(["'email'", normalised_email('email')]) }},
        'guest_email'
    from {{ relation }}
    where customer_id is null and {{ normalised_email('email') }} is not null

    {% endfor -%}
),

distinct_links as (

    select distinct * from links

),

-- the guest record of an e-mail is that e-mail itself, so it does not count against it
key_sizes as (

    select
        link_key,
        count(distinct record_key) as record_count

    from distinct_links
    where rule <> 'guest_email'
    group by link_key

),

final as (

    select
        distinct_links.record_key,
        distinct_links.link_key,
        distinct_links.rule,
        coalesce(key_sizes.record_count, 0) > {{ var('identity_max_records_per_key') }} as is_blocked

    from distinct_links
    left join key_sizes on key_sizes.link_key = distinct_links.link_key

)

select * from final
