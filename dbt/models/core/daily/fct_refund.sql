-- one row per refund and order line that it falls on (one row without line for a refund that names no order)
with refund_lines as (

    select * from {{ ref('int_refund_line') }}

),

orders as (

    select * from {{ ref('int_order') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        refund_lines.refund_key,
        refund_lines.order_key,
        refund_lines.order_line_key,
        refund_lines.product_key,
        coalesce(orders.customer_key, identity.customer_key) as customer_key,
        refund_lines.source_system,
        refund_lines.raw_table,
        refund_lines.refund_id,
        refund_lines.refunded_at,
        refund_lines.refund_date,
        refund_lines.quantity,
        refund_lines.refund_amount,
        refund_lines.other_amount,
        refund_lines.order_key is not null as is_linked

    from refund_lines
    left join orders on orders.order_key = refund_lines.order_key
    left join identity on identity.record_key = refund_lines.record_key

)

select * from final
