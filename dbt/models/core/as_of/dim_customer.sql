-- one row per customer known by the as-of date, attributes as visible then; no name, e-mail or phone
with identity as (

    select * from {{ ref('int_identity') }}

),

customers as (

    select * from {{ visible_versions(ref('customers_rows'), 'customer_id') }}

),

contacts as (

    select * from {{ visible_versions(ref('contacts_rows'), 'contact_id') }}

),

orders as (

    select * from {{ ref('int_order') }}
    where order_date <= {{ as_of_date() }} and not never_posts

),

first_seen as (

    select
        customer_key,
        -- where nothing says when anything happened: when it was first landed
        coalesce(min({{ business_date('earliest_recorded_at') }}), min(first_landed_as_of)) as first_seen_date,
        count(*) as record_count

    from identity
    group by customer_key

),

{%- set attributes = [
    'country', 'region', 'city', 'language', 'gender', 'birth_date', 'income_band', 'occupation', 'education',
    'marital_status', 'household_size', 'lead_stage',
] %}
{%- set contact_only = ['income_band', 'occupation', 'education', 'marital_status', 'household_size', 'lead_stage'] %}

-- what the shop says comes before what the CRM says, the newest first
statements as (

    select
        {{ customer_record_key('source_system', 'customer_id') }} as record_key,
        1 as precedence,
        updated_at,
        is_backfilled,
        {%- for attribute in attributes %}
        {{ 'cast(null as string)' if attribute in contact_only else attribute }} as {{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from customers

    union all

    select
        {{ contact_record_key('source_system', 'contact_id') }},
        2,
        updated_at,
        is_backfilled,
        {{ attributes | join(',\n        ') }}
    from contacts

),

{%- set in_order -%}
    statements.precedence nulls last, statements.updated_at desc nulls last, statements.record_key nulls last
{%- endset %}

stated as (

    select
        identity.customer_key,
        row_number() over (partition by identity.customer_key order by {{ in_order }}) as place,
        {%- for attribute in attributes %}
        {{ known_value('first', 'statements.' ~ attribute, 'identity.customer_key', in_order) }} as {{ attribute }},
        {%- endfor %}
        max(case when statements.is_backfilled then 1 else 0 end)
            over (partition by identity.customer_key) = 1 as is_backfilled

    from identity
    inner join statements on statements.record_key = identity.record_key

),

profiles as (

    select * from stated where place = 1

),

-- for those of whom nothing else says in which country they are
order_countries as (

    select
        orders.customer_key,
        orders.country,
        row_number() over (
            partition by orders.customer_key order by orders.ordered_at desc nulls last, orders.order_key nulls last
        ) as place

    from orders
    anti join (select customer_key from profiles where country is not null) as located
        on located.customer_key = orders.customer_key
    where orders.customer_key is not null and orders.country is not null

),

final as (

    select
        first_seen.customer_key,
        {{ as_of_date() }} as as_of_date,
        first_seen.first_seen_date,
        cast(first_seen.record_count as bigint) as record_count,
        coalesce(profiles.country, order_countries.country) as country,
        {%- for attribute in attributes if attribute != 'country' %}
        profiles.{{ attribute }},
        {%- endfor %}
        coalesce(profiles.is_backfilled, false) as is_backfilled

    from first_seen
    left join profiles on profiles.customer_key = first_seen.customer_key
    left join order_countries
        on order_countries.customer_key = first_seen.customer_key
        and order_countries.place = 1
    where first_seen.first_seen_date <= {{ as_of_date() }}

)

select * from final
