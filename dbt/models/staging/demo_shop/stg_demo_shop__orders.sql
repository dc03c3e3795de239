-- staging/demo_shop/stg_demo_shop__orders.sql: one row per version of an order
with orders as (

    select * from {{ raw('demo_shop', 'orders') }}

),

payments as (

    select * from {{ raw('demo_shop', 'payments') }}

),

addresses as (

    select * from {{ raw('demo_shop', 'addresses') }}

),

newest_payments as (

    select * from {{ newest('payments', ['id'], 'updated_at') }}

),

newest_addresses as (

    select * from {{ newest('addresses', ['id'], 'updated_at') }}

),

-- An order is paid when the last of its payments is captured.
captures as (

    select
        source_system,
        order_id,
        max(captured_at) as paid_at

    from newest_payments
    where not _is_deleted
    group by source_system, order_id
    having count(*) = count(captured_at)

),

final as (

    select
        cast(orders.id as string) as order_id,
        cast(orders.customer_id as string) as customer_id,
        {{ blank_to_null('orders.email') }} as email,
        {{ blank_to_null('orders.phone') }} as phone,
        {{ utc_timestamp('orders.placed_at') }} as ordered_at,
        case orders.status
            when 'new' then 'pending'
            when 'shipped' then 'fulfilled'
            when 'delivered' then 'fulfilled'
            when 'payment_failed' then 'voided'
            when 'partly_returned' then 'partially_refunded'
            when 'returned' then 'refunded'
            else orders.status
        end as status,
        cast(orders.is_test as boolean) as is_test,
        {{ utc_timestamp('captures.paid_at') }} as paid_at,
        {{ utc_timestamp('orders.cancelled_at') }} as cancelled_at,
        upper({{ blank_to_null('orders.currency_code') }}) as currency,
        {{ hundredths('orders.discount_cents - orders.discount_tax_cents') }} as discount_amount,
        {{ hundredths('orders.shipping_cents - orders.shipping_tax_cents') }} as shipping_amount,
        {{ hundredths('orders.tax_cents') }} as tax_amount,
        {{ hundredths('orders.total_cents') }} as total_amount,
        upper({{ blank_to_null('orders.coupon_code') }}) as coupon_code,
        {{ blank_to_null('orders.channel') }} as channel,
        {{ blank_to_null('orders.device') }} as device,
        addresses.country_code as country,
        addresses.region,
        addresses.city,
        {{ utc_timestamp('orders.delivered_at') }} as delivered_at,
        {{ utc_timestamp('orders.updated_at') }} as updated_at,
        orders.deleted_at is not null as is_deleted,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of,
        orders._is_deleted

    from orders
    left join captures
        on captures.source_system = orders.source_system
        and captures.order_id = orders.id
    left join newest_addresses as addresses
        on addresses.source_system = orders.source_system
        and addresses.id = orders.shipping_address_id

)

select * from final
