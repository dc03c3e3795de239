-- one row per order as known at extraction, valid or not, money in the shop's currency
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['order_key']) -}}

{%- call touch() %}
select order_key from {{ changes(ref('int_order')) }}

union all

select order_key from {{ changes(ref('fct_order_line')) }}
{%- endcall -%}

with orders as (

    select * from {{ ref('int_order') }} as orders
    where {{ only_touched('orders') }}

),

line_totals as (

    select
        order_key,
        count(*) as lines,
        sum(refund_amount) as refund_amount

    from {{ ref('fct_order_line') }} as order_lines
    where is_merchandise and {{ only_touched('order_lines') }}
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
        cast(coalesce(line_totals.lines, 0) as bigint) as lines,
        orders.units,
        orders.gross_amount,
        orders.discount_amount,
        cast(coalesce(line_totals.refund_amount, 0) as decimal(18, 4)) as refund_amount,
        cast(
            orders.gross_amount - orders.discount_amount - coalesce(line_totals.refund_amount, 0) as decimal(18, 4)
        ) as net_amount,
        orders.shipping_amount,
        orders.tax_amount,
        orders.total_amount,
        orders.voucher_amount

    from orders
    left join line_totals on line_totals.order_key = orders.order_key

)

select * from final
