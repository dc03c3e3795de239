-- one row per customer who gave a name or an address by the date: how they are greeted and reached, as visible then
with identity as (

    select * from {{ ref('int_identity') }}

),

-- an e-mail or phone that too many share names nobody, one that its record no longer bears is nobody's
links as (

    select * from {{ ref('int_identity_link') }} where not is_blocked

),

phones as (

    select * from {{ ref('int_identity_phone') }}

),

customers as (

    select * from {{ visible_versions(ref('customers_rows'), 'customer_id') }}

),

contacts as (

    select * from {{ visible_versions(ref('contacts_rows'), 'contact_id') }}

),

guest_orders as (

    select
        {{ person_record_key('orders', 'orders.country') }} as record_key,
        {{ normalised_email('orders.email') }} as email,
        {{ phone_key('orders.phone', 'orders.country') }} as phone_key,
        orders.ordered_at

    from {{ ref('orders') }} as orders
    where
        customer_id is null
        and not is_deleted
        and {{ business_date('ordered_at') }} <= {{ as_of_date() }}

),

-- a guest's record is what they gave: the same with every order
guests as (

    select
        record_key,
        email,
        phone_key,
        max(ordered_at) as stated_at

    from guest_orders
    group by record_key, email, phone_key

),

-- somebody said yes to being written to as this record
granted as (

    select
        {{ contacted_record_key() }} as record_key,
        channel

    from {{ ref('consents') }}
    where
        status = 'granted'
        and not is_deleted
        and {{ business_date('occurred_at') }} <= {{ as_of_date() }}

),

consenting as (

    select
        record_key,
        max(case when channel = 'email' then 1 else 0 end) as is_by_email,
        max(case when channel = 'sms' then 1 else 0 end) as is_by_sms,
        max(case when channel = 'ads' then 1 else 0 end) as is_by_ads

    from granted
    group by record_key

),

-- what the shop says comes before what the CRM says, then what guests gave
statements as (

    select
        {{ customer_record_key('source_system', 'customer_id') }} as record_key,
        1 as precedence,
        updated_at as stated_at,
        first_name,
        last_name,
        {{ normalised_email('email') }} as email,
        {{ phone_key('phone', 'country') }} as phone_key,
        source_system as shop_system,
        customer_id as shop_customer_id
    from customers

    union all

    select
        {{ contact_record_key('source_system', 'contact_id') }},
        2,
        updated_at,
        first_name,
        last_name,
        {{ normalised_email('email') }},
        {{ phone_key('phone', 'country') }},
        cast(null as string),
        cast(null as string)
    from contacts

    union all

    select
        record_key,
        3,
        stated_at,
        cast(null as string),
        cast(null as string),
        email,
        phone_key,
        cast(null as string),
        cast(null as string)
    from guests

),

keyed as (

    select
        statements.record_key,
        statements.precedence,
        statements.stated_at,
        statements.first_name,
        statements.last_name,
        statements.shop_system,
        statements.shop_customer_id,
        statements.email,
        case when statements.email is not null then {{ hash_key(["'email'", 'statements.email']) }} end as email_key,
        phones.e164,
        case when phones.e164 is not null then {{ hash_key(["'e164'", 'phones.e164']) }} end as e164_key

    from statements
    left join phones on phones.phone_key = statements.phone_key

),

-- the record that consent was given for comes first, for an address the one of its channel; an address is one mailbox:
-- a list reaches nobody for certain
usable as (

    select
        identity.customer_key,
        keyed.record_key,
        case when consenting.record_key is not null then 0 else keyed.precedence end as precedence,
        case when consenting.is_by_email = 1 then 0 else 1 end as email_precedence,
        case when consenting.is_by_sms = 1 then 0 else 1 end as phone_precedence,
        case when consenting.is_by_ads = 1 then 0 else 1 end as ads_precedence,
        keyed.stated_at,
        keyed.first_name,
        keyed.last_name,
        keyed.shop_system,
        keyed.shop_customer_id,
        case
            when email_links.link_key is not null
                and keyed.email not like '%@%@%'
                and keyed.email not like '% %'
                and keyed.email not like '%,%'
                and keyed.email not like '%;%'
                then keyed.email
        end as email,
        case when phone_links.link_key is not null then keyed.e164 end as phone

    from keyed
    inner join identity on identity.record_key = keyed.record_key
    left join consenting on consenting.record_key = keyed.record_key
    left join links as email_links
        on email_links.record_key = keyed.record_key
        and email_links.link_key = keyed.email_key
    left join links as phone_links
        on phone_links.record_key = keyed.record_key
        and phone_links.link_key = keyed.e164_key

),

{%- set in_order = 'precedence nulls last, stated_at desc nulls last, record_key nulls last' %}

-- of several the newest
placed as (

    select
        customer_key,
        {{ as_of_date() }} as as_of_date,
        row_number() over (partition by customer_key order by {{ in_order }}) as place,
        {%- for name, value, first in [
            ('email', 'email', 'email_precedence'),
            ('phone', 'phone', 'phone_precedence'),
            ('ads_email', 'email', 'ads_precedence'),
            ('ads_phone', 'phone', 'ads_precedence'),
        ] %}
        {{ known_value('first', value, 'customer_key', first ~ ' nulls last, ' ~ in_order) }} as {{ name }},
        {%- endfor %}
        {%- for column in ['first_name', 'last_name', 'shop_system', 'shop_customer_id'] %}
        {{ known_value('first', column, 'customer_key', in_order) }} as {{ column }} {{- ',' if not loop.last }}
        {%- endfor %}

    from usable

),

final as (

    select
        customer_key,
        as_of_date,
        email,
        phone,
        ads_email,
        ads_phone,
        first_name,
        last_name,
        shop_system,
        shop_customer_id

    from placed
    where place = 1

)

select * from final
