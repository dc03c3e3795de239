-- one row per order that has an item or a payment: what its items cost, and what was paid
with items as (

    select * from {{ raw('olist', 'order_items') }}

),

payments as (

    select * from {{ raw('olist', 'order_payments') }}

),

newest_items as (

    select * from {{ newest('items', ['order_id', 'order_item_id']) }}

),

newest_payments as (

    select * from {{ newest('payments', ['order_id', 'payment_sequential']) }}

),

amounts as (

    select
        source_system,
        order_id,
        1 as items,
        {{ money('price') }} as item_amount,
        {{ money('freight_value') }} as freight_amount,
        0 as payments,
        {{ money(0) }} as paid_amount,
        {{ money(0) }} as voucher_amount
    from newest_items

    union all

    select
        source_system,
        order_id,
        0,
        {{ money(0) }},
        {{ money(0) }},
        1,
        {{ money('payment_value') }},
        case when payment_type = 'voucher' then {{ money('payment_value') }} else {{ money(0) }} end
    from newest_payments

),

totals as (

    select
        source_system,
        order_id,
        sum(items) as items,
        sum(item_amount) as item_amount,
        sum(freight_amount) as freight_amount,
        sum(payments) as payments,
        sum(paid_amount) as paid_amount,
        sum(voucher_amount) as voucher_amount

    from amounts
    group by source_system, order_id

),

final as (

    select
        source_system,
        order_id,
        cast(items as bigint) as items,
        {{ money('item_amount') }} as item_amount,
        {{ money('freight_amount') }} as freight_amount,
        cast(payments as bigint) as payments,
        {{ money('paid_amount') }} as paid_amount,
        {{ money('voucher_amount') }} as voucher_amount,
        {{ money('paid_amount - item_amount - freight_amount') }} as difference_amount

    from totals

)

select * from final
