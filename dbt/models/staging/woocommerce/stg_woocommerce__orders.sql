-- staging/woocommerce/stg_woocommerce__orders.sql: one row per version of an order
with orders as (

    select * from {{ ref('int_woocommerce__orders') }}
    where kind = 'order'

),

items as (

    select * from {{ raw('woocommerce', 'order_items') }}

),

newest_items as (

    select * from {{ newest('items', ['order_item_id']) }}

),

coupons as (

    select
        source_system,
        order_id,
        upper(min(order_item_name)) as coupon_code

    from newest_items
    where order_item_type = 'coupon' and not _is_deleted
    group by source_system, order_id

),

final as (

    select
        cast(orders.id as string) as order_id,
        orders.customer_id,
        orders.email,
        orders.phone,
        orders.created_at as ordered_at,
        case orders.status
            when 'wc-pending' then 'pending'
            when 'wc-on-hold' then 'pending'
            when 'wc-processing' then 'paid'
            when 'wc-completed' then 'fulfilled'
            when 'wc-cancelled' then 'cancelled'
            when 'wc-failed' then 'voided'
            when 'wc-refunded' then 'refunded'
            else orders.status
        end as status,
        orders.paid_at,
        case when orders.status = 'wc-cancelled' then orders.updated_at end as cancelled_at,
        orders.currency,
        orders.discount_amount,
        orders.shipping_amount,
        orders.tax_amount,
        orders.total_amount,
        coupons.coupon_code,
        orders.channel,
        orders.device,
        orders.country,
        orders.region,
        orders.city,
        orders.updated_at,
        orders.is_trashed as is_deleted,
        case when orders.type <> 'shop_order' then 'no_order' end as reject_reason,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of,
        orders._is_deleted

    from orders
    left join coupons
        on coupons.source_system = orders.source_system
        and coupons.order_id = orders.id

)

select * from final
