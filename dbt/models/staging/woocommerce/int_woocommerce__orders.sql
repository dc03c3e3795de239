-- staging/woocommerce/int_woocommerce__orders.sql: one row per version of a row of wc_orders, with what it is
with orders as (

    select * from {{ raw('woocommerce', 'orders') }}

),

orders_meta as (

    select * from {{ raw('woocommerce', 'orders_meta') }}

),

operational_data as (

    select * from {{ raw('woocommerce', 'order_operational_data') }}

),

addresses as (

    select * from {{ raw('woocommerce', 'order_addresses') }}

),

newest_data as (

    select * from {{ newest('operational_data', ['order_id']) }}

),

newest_addresses as (

    select * from {{ newest('addresses', ['order_id', 'address_type']) }}

),

attributes as (

    select * from {{ attributes_by_owner('orders_meta', 'id', 'order_id', {
        'status_before_trash': '_wp_trash_meta_status',
        'device': '_wc_order_attribution_device_type',
    }) }}

),

known as (

    select
        orders.*,
        case
            when orders.status = 'trash' then coalesce(attributes.status_before_trash, orders.status)
            else orders.status
        end as known_status,
        lower(attributes.device) as device

    from orders
    left join attributes
        on attributes.source_system = orders.source_system
        and attributes.order_id = orders.id

),

final as (

    select
        orders.id,
        nullif(orders.parent_order_id, 0) as parent_order_id,
        orders.type,
        case
            when orders.type = 'shop_order_refund' then 'refund'
            when
                orders.type = 'shop_order'
                and orders.known_status in ('auto-draft', 'wc-auto-draft', 'wc-checkout-draft')
                then 'cart'
            else 'order'
        end as kind,
        orders.known_status as status,
        orders.status = 'trash' as is_trashed,
        cast(nullif(orders.customer_id, 0) as string) as customer_id,
        {{ blank_to_null('orders.billing_email') }} as email,
        {{ blank_to_null('billing.phone') }} as phone,
        coalesce({{ blank_to_null('shipping.country') }}, {{ blank_to_null('billing.country') }}) as country,
        coalesce({{ blank_to_null('shipping.state') }}, {{ blank_to_null('billing.state') }}) as region,
        coalesce({{ blank_to_null('shipping.city') }}, {{ blank_to_null('billing.city') }}) as city,
        case
            when operational_data.created_via in ('checkout', 'store-api') then 'web'
            else lower({{ blank_to_null('operational_data.created_via') }})
        end as channel,
        case when orders.device in ('desktop', 'mobile', 'tablet') then orders.device end as device,
        upper({{ blank_to_null('orders.currency') }}) as currency,
        {{ money('orders.total_amount') }} as total_amount,
        {{ money('orders.tax_amount + coalesce(operational_data.shipping_tax_amount, 0)') }} as tax_amount,
        {{ money('operational_data.shipping_total_amount') }} as shipping_amount,
        {{ money('operational_data.discount_total_amount') }} as discount_amount,
        {{ utc_timestamp('orders.date_created_gmt') }} as created_at,
        {{ utc_timestamp('operational_data.date_paid_gmt') }} as paid_at,
        {{ utc_timestamp('orders.date_updated_gmt') }} as updated_at,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of,
        orders._is_deleted

    from known as orders
    left join newest_data as operational_data
        on operational_data.source_system = orders.source_system
        and operational_data.order_id = orders.id
    left join newest_addresses as billing
        on billing.source_system = orders.source_system
        and billing.order_id = orders.id
        and billing.address_type = 'billing'
    left join newest_addresses as shipping
        on shipping.source_system = orders.source_system
        and shipping.order_id = orders.id
        and shipping.address_type = 'shipping'

)

select * from final
