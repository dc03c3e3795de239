-- one row per raw row of customers
with customers as (

    select * from {{ raw('messy_shop', 'customers') }}

),

final as (

    select
        {{ blank_to_null('customer_no') }} as customer_id,
        {{ blank_to_null('email') }} as email,
        {{ blank_to_null('first_name') }} as first_name,
        cast({{ parsed_time('born', ['%d.%m.%Y', '%Y-%m-%d']) }} as date) as birth_date,
        {{ local_to_utc(parsed_time('created', ['%d.%m.%Y %H:%M', '%Y-%m-%d %H:%M:%S']), 'Europe/Berlin') }} as created_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from customers

)

select * from final
