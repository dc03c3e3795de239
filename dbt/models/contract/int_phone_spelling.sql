-- one row per phone number and country as the rows that may be linked by a phone write them
with customers as (

    select * from {{ ref('customers_rows') }}

),

contacts as (

    select * from {{ ref('contacts_rows') }}

),

orders as (

    select * from {{ ref('orders_rows') }}

),

checkouts as (

    select * from {{ ref('checkouts_rows') }}

),

erasure_requests as (

    select * from {{ ref('erasure_requests_rows') }}

),

spellings as (

    select phone, country from customers where outcome <> 'quarantined'

    union all

    select phone, country from contacts where outcome <> 'quarantined'

    union all

    select phone, country from orders where outcome <> 'quarantined' and customer_id is null

    union all

    select phone, cast(null as string) as country
    from checkouts
    where outcome <> 'quarantined' and customer_id is null

    union all

    select phone, cast(null as string) as country from erasure_requests where outcome <> 'quarantined'

),

final as (

    select distinct
        {{ phone_key('phone', 'country') }} as phone_key,
        phone,
        country

    from spellings
    where phone is not null

)

select * from final
