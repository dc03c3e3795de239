-- one row per raw row of orders
with orders as (

    select * from {{ raw('messy_shop', 'orders') }}

),

final as (

    select
        {{ blank_to_null('order_no') }} as order_id,
        -- orders of nobody in particular bear 0 or -1
        nullif(nullif({{ blank_to_null('customer_no') }}, '0'), '-1') as customer_id,
        {{ blank_to_null('email') }} as email,
        {{ local_to_utc(parsed_time('ordered', ['%d.%m.%Y %H:%M', '%Y-%m-%d %H:%M:%S']), 'Europe/Berlin') }} as ordered_at,
        case status when 'bezahlt' then 'paid' when 'storniert' then 'cancelled' else status end as status,
        'EUR' as currency,
        {{ money(parsed_number('total', ',')) }} as total_amount,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from orders

)

select * from final
