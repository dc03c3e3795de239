-- staging/woocommerce/stg_woocommerce__customers.sql: one row per version of a registered customer or guest
with customers as (

    select * from {{ raw('woocommerce', 'customer_lookup') }}

),

final as (

    select
        coalesce(cast(user_id as string), 'guest-' || cast(customer_id as string)) as customer_id,
        {{ blank_to_null('email') }} as email,
        {{ blank_to_null('first_name') }} as first_name,
        {{ blank_to_null('last_name') }} as last_name,
        {{ blank_to_null('country') }} as country,
        {{ blank_to_null('state') }} as region,
        {{ blank_to_null('city') }} as city,
        {{ blank_to_null('postcode') }} as postal_code,
        {{ local_to_utc('date_registered', var('shop_time_zone', 'UTC')) }} as created_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from customers

)

select * from final
