-- one row per order as known at extraction, valid or not, money in the shop's currency
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['order_key']) -}}

{%- call touch() %}
select order_key from {{ changes(ref('int_order')) }}

union all

select order_key from {{ changes(ref('int_refund_line')) }}
{%- endcall -%}

with orders as (

    select * from {{ ref('int_order') }} as orders
    {{ only_touched('orders') }}

),

-- what falls on no line, as of an order without any, is no line's value
refunds as (

    select
        order_key,
        sum(refund_amount) as refund_amount

    from {{ ref('int_refund_line') }} as refund_lines
    {{ only_touched('refund_lines') }}
    where order_line_key is not null
    group by order_key

),

final as (

    select
        orders.order_key,
        orders.customer_key,
        orders.source_system,
        orders.order_id,
        orders.ordered_at,
        orders.order_date,
        orders.status,
        orders.invalid_from is null as is_valid,
        orders.invalid_from,
        orders.currency,
        orders.exchange_rate,
        orders.channel,
        orders.device,
        orders.country,
        orders.coupon_code,
        orders.lines,
        orders.units,
        orders.gross_amount,
        orders.discount_amount,
        {{ money('coalesce(refunds.refund_amount, 0)') }} as refund_amount,
        {{ money('orders.gross_amount - orders.discount_amount - coalesce(refunds.refund_amount, 0)') }} as net_amount,
        orders.shipping_amount,
        orders.tax_amount,
        orders.total_amount,
        orders.voucher_amount

    from orders
    left join refunds on refunds.order_key = orders.order_key

)

select * from final
