-- staging/vendure/stg_vendure__customers.sql: one row per version of a customer record
with customers as (

    select * from {{ raw('vendure', 'customer') }}

),

addresses as (

    select * from {{ raw('vendure', 'address') }}

),

regions as (

    select * from {{ raw('vendure', 'region') }}

),

newest_addresses as (

    select * from {{ newest('addresses', ['id'], 'updatedAt') }}

),

newest_regions as (

    select * from {{ newest('regions', ['id'], 'updatedAt') }}

),

-- one address per customer: of several that are marked as default the newest
ranked_addresses as (

    select
        *,
        row_number() over (
            partition by source_system, customerId
            order by defaultShippingAddress desc nulls last, updatedAt desc nulls last, id desc nulls last
        ) as place

    from newest_addresses
    where not _is_deleted

),

final as (

    select
        cast(customers.id as string) as customer_id,
        {{ blank_to_null('customers.emailAddress') }} as email,
        {{ blank_to_null('customers.phoneNumber') }} as phone,
        {{ blank_to_null('customers.firstName') }} as first_name,
        {{ blank_to_null('customers.lastName') }} as last_name,
        upper({{ blank_to_null('regions.code') }}) as country,
        {{ blank_to_null('addresses.province') }} as region,
        {{ blank_to_null('addresses.city') }} as city,
        {{ blank_to_null('addresses.postalCode') }} as postal_code,
        {{ utc_timestamp('customers.createdAt') }} as created_at,
        {{ utc_timestamp('customers.updatedAt') }} as updated_at,
        customers.deletedAt is not null as is_deleted,
        customers.source_system,
        customers._raw_table,
        customers._loaded_at,
        customers._as_of,
        customers._is_deleted

    from customers
    left join ranked_addresses as addresses
        on addresses.source_system = customers.source_system
        and addresses.customerId = customers.id
        and addresses.place = 1
    left join newest_regions as regions
        on regions.source_system = addresses.source_system
        and regions.id = addresses.countryId

)

select * from final
