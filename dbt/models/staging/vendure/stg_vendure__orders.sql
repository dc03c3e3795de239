-- staging/vendure/stg_vendure__orders.sql: one row per version of an order since it was placed
with orders as (

    select * from {{ raw('vendure', 'order') }}
    where orderPlacedAt is not null

),

order_lines as (

    select * from {{ ref('int_vendure__order_lines') }}

),

transitions as (

    select * from {{ ref('int_vendure__transitions') }}

),

newest_lines as (

    select * from {{ newest('order_lines', ['id'], 'updated_at') }}

),

discounts as (

    select
        source_system,
        order_id,
        sum(gross_amount - net_amount) as discount_amount

    from newest_lines
    where not _is_deleted
    group by source_system, order_id

),

times as (

    select
        source_system,
        order_id,
        min(case when state = 'PaymentSettled' then occurred_at end) as paid_at,
        min(case when state = 'Delivered' then occurred_at end) as delivered_at,
        min(case when state = 'Cancelled' then occurred_at end) as cancelled_at

    from transitions
    where refund_id is null
    group by source_system, order_id

),

final as (

    select
        cast(orders.id as string) as order_id,
        cast(orders.customerId as string) as customer_id,
        {{ blank_to_null(json_text('orders.shippingAddress', 'phoneNumber')) }} as phone,
        {{ utc_timestamp('orders.orderPlacedAt') }} as ordered_at,
        case orders.state
            when 'PaymentAuthorized' then 'pending'
            when 'ArrangingAdditionalPayment' then 'pending'
            when 'PaymentSettled' then 'paid'
            when 'PartiallyShipped' then 'paid'
            when 'PartiallyDelivered' then 'paid'
            when 'Modifying' then 'paid'
            when 'Shipped' then 'fulfilled'
            when 'Delivered' then 'fulfilled'
            when 'Cancelled' then 'cancelled'
            else orders.state
        end as status,
        times.paid_at,
        case when orders.state = 'Cancelled' then times.cancelled_at end as cancelled_at,
        upper({{ blank_to_null('orders.currencyCode') }}) as currency,
        discounts.discount_amount,
        {{ hundredths('orders.shipping') }} as shipping_amount,
        {{ hundredths(
            'orders.subTotalWithTax - orders.subTotal + orders.shippingWithTax - orders.shipping'
        ) }} as tax_amount,
        {{ hundredths('orders.subTotalWithTax + orders.shippingWithTax') }} as total_amount,
        {{ blank_to_null('orders.couponCodes') }} as coupon_code,
        upper({{ blank_to_null(json_text('orders.shippingAddress', 'countryCode')) }}) as country,
        {{ blank_to_null(json_text('orders.shippingAddress', 'province')) }} as region,
        {{ blank_to_null(json_text('orders.shippingAddress', 'city')) }} as city,
        times.delivered_at,
        {{ utc_timestamp('orders.updatedAt') }} as updated_at,
        case when orders.type = 'Seller' then 'seller_order' end as reject_reason,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of,
        orders._is_deleted

    from orders
    left join discounts
        on discounts.source_system = orders.source_system
        and discounts.order_id = orders.id
    left join times
        on times.source_system = orders.source_system
        and times.order_id = orders.id

)

select * from final
