-- one row per order line as known at extraction, valid or not, money in the shop's currency
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['order_line_key']) -}}

{%- call touch() %}
select {{ hash_key(['source_system', 'order_line_id']) }} as order_line_key from {{ changes(ref('order_lines_rows')) }}

union all

select order_line_key from {{ changes(ref('int_refund_line')) }} where order_line_key is not null

union all

select order_lines.order_line_key
from {{ ref('int_order_line') }} as order_lines
inner join (select distinct order_key from {{ changes(ref('int_order')) }}) as orders
    on orders.order_key = order_lines.order_key
{%- endcall -%}

with order_lines as (

    select * from {{ ref('int_order_line') }} as order_lines
    {{ only_touched('order_lines') }}

),

orders as (

    select * from {{ ref('int_order') }}

),

refunds as (

    select
        order_line_key,
        sum(refund_amount) as refund_amount

    from {{ ref('int_refund_line') }}
    where order_line_key is not null
    group by order_line_key

),

final as (

    select
        order_lines.order_line_key,
        orders.order_key,
        orders.customer_key,
        order_lines.product_key,
        order_lines.source_system,
        order_lines.raw_table,
        order_lines.order_id,
        order_lines.order_line_id,
        order_lines.product_id,
        orders.ordered_at,
        orders.order_date,
        order_lines.quantity,
        order_lines.gross_amount,
        order_lines.discount_amount,
        cast(coalesce(refunds.refund_amount, 0) as decimal(18, 4)) as refund_amount,
        cast(
            order_lines.gross_amount - order_lines.discount_amount - coalesce(refunds.refund_amount, 0)
            as decimal(18, 4)
        ) as net_amount,
        order_lines.is_merchandise,
        orders.invalid_from is null as is_valid,
        orders.invalid_from

    from order_lines
    inner join orders
        on orders.source_system = order_lines.source_system
        and orders.order_id = order_lines.order_id
    left join refunds on refunds.order_line_key = order_lines.order_line_key

)

select * from final
