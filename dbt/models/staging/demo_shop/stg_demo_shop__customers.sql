-- staging/demo_shop/stg_demo_shop__customers.sql: one row per version of a customer record
with customers as (

    select * from {{ raw('demo_shop', 'customers') }}

),

addresses as (

    select * from {{ raw('demo_shop', 'addresses') }}

),

newest_addresses as (

    select * from {{ newest('addresses', ['id'], 'updated_at') }}

),

final as (

    select
        cast(customers.id as string) as customer_id,
        {{ blank_to_null('customers.email') }} as email,
        {{ blank_to_null('customers.phone') }} as phone,
        {{ blank_to_null('customers.first_name') }} as first_name,
        {{ blank_to_null('customers.last_name') }} as last_name,
        cast(customers.born_on as date) as birth_date,
        case customers.gender
            when 'f' then 'female'
            when 'm' then 'male'
            when 'x' then 'other'
        end as gender,
        lower(left(customers.locale, 2)) as language,
        addresses.country_code as country,
        addresses.region,
        addresses.city,
        addresses.postal_code,
        {{ utc_timestamp('customers.created_at') }} as created_at,
        {{ blank_to_null('customers.tags') }} as tags,
        {{ utc_timestamp('customers.updated_at') }} as updated_at,
        customers.deleted_at is not null as is_deleted,
        customers.source_system,
        customers._raw_table,
        customers._loaded_at,
        customers._as_of,
        customers._is_deleted

    from customers
    left join newest_addresses as addresses
        on addresses.source_system = customers.source_system
        and addresses.id = customers.default_address_id

)

select * from final
