-- staging/demo_shop/stg_demo_shop__checkouts.sql: one row per version of a cart
with carts as (

    select * from {{ raw('demo_shop', 'carts') }}

),

cart_items as (

    select * from {{ raw('demo_shop', 'cart_items') }}

),

newest_cart_items as (

    select * from {{ newest('cart_items', ['id'], 'updated_at') }}

),

cart_values as (

    select
        source_system,
        cart_id,
        sum({{ hundredths_excluding_tax('quantity * unit_price_cents', 'tax_rate_bp') }}) as value

    from newest_cart_items
    where deleted_at is null and not _is_deleted
    group by source_system, cart_id

),

final as (

    select
        cast(carts.id as string) as checkout_id,
        cast(carts.customer_id as string) as customer_id,
        {{ blank_to_null('carts.email') }} as email,
        {{ blank_to_null('carts.phone') }} as phone,
        {{ utc_timestamp('carts.created_at') }} as started_at,
        cast(carts.order_id as string) as completed_order_id,
        {{ money('cart_values.value') }} as value,
        upper({{ blank_to_null('carts.currency_code') }}) as currency,
        {{ blank_to_null('carts.device') }} as device,
        {{ blank_to_null('carts.channel') }} as channel,
        {{ utc_timestamp('carts.updated_at') }} as updated_at,
        carts.source_system,
        carts._raw_table,
        carts._loaded_at,
        carts._as_of,
        carts._is_deleted

    from carts
    left join cart_values
        on cart_values.source_system = carts.source_system
        and cart_values.cart_id = carts.id

)

select * from final
