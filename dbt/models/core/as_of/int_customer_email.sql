-- one row per customer whose e-mail address is known by the as-of date and is nobody else's: that address
with contacts as (

    select * from {{ visible_versions(ref('contacts_rows'), 'contact_id') }}

),

customers as (

    select * from {{ visible_versions(ref('customers_rows'), 'customer_id') }}

),

orders as (

    select * from {{ ref('orders') }} where customer_id is null and not is_deleted

),

checkouts as (

    select * from {{ ref('checkouts') }} where customer_id is null and not is_deleted

),

email_customers as (

    select * from {{ ref('int_email_customer') }}

),

-- what the CRM writes to comes before what the shop knows
statements as (

    {% for relation, known_at in [
        ('contacts', 'created_at'),
        ('customers', 'created_at'),
        ('orders', 'ordered_at'),
        ('checkouts', 'started_at'),
    ] -%}
    select
        {{ loop.index }} as precedence,
        {{ known_at }} as known_at,
        {{ normalised_email('email') }} as email
    from {{ relation }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

known as (

    select
        email,
        min(precedence) as precedence,
        min(known_at) as known_at

    from statements
    where email is not null and ({{ business_date('known_at') }} <= {{ as_of_date() }} or known_at is null)
    group by email

),

-- the first one stays the first: a customer is drawn by the same address whatever they give later
numbered as (

    select
        email_customers.customer_key,
        known.email,
        row_number() over (
            partition by email_customers.customer_key
            order by known.precedence nulls last, known.known_at nulls last, known.email nulls last
        ) as place

    from known
    inner join email_customers on email_customers.email_key = {{ hash_key(["'email'", 'known.email']) }}

),

final as (

    select
        customer_key,
        {{ as_of_date() }} as as_of_date,
        email

    from numbered
    where place = 1

)

select * from final
