-- one row per refund and order line that it falls on; a refund that names no order has one row without line
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['refund_key']) -}}
{%- set refund_key = hash_key(['source_system', 'refund_id']) -%}

{%- call touch() %}
select {{ refund_key }} as refund_key from {{ changes(ref('refunds_rows')) }}

union all

-- refunds on orders of which a line is another one now
select {{ refund_key }}
from {{ ref('refunds') }} as refunds
semi join {{ changes(ref('order_lines_rows')) }} as changed
    on changed.source_system = refunds.source_system and changed.order_id = refunds.order_id
{%- endcall -%}

with refunds as (

    select * from {{ ref('refunds') }}
    {{ only_touched('refunds', values={'refund_key': refund_key}) }}
    where not is_deleted

),

order_lines as (

    select * from {{ ref('int_order_line') }}

),

keyed as (

    select
        *,
        {{ refund_key }} as refund_key,
        case when order_id is not null then {{ hash_key(['source_system', 'order_id']) }} end as order_key,
        {{ business_date('refunded_at') }} as refund_date

    from refunds

),

-- every line of the order, and which of them the refund names
candidates as (

    select
        keyed.refund_key,
        order_lines.order_line_key,
        order_lines.order_line_id,
        order_lines.product_key,
        order_lines.is_merchandise,
        order_lines.gross_amount - order_lines.discount_amount as line_value,
        case when order_lines.order_line_id = keyed.order_line_id then 1 else 0 end as is_named,
        max(case when order_lines.order_line_id = keyed.order_line_id then 1 else 0 end)
            over (partition by keyed.refund_key) as has_named

    from keyed
    inner join order_lines
        on order_lines.source_system = keyed.source_system
        and order_lines.order_id = keyed.order_id

),

-- the line that a refund names, or every merchandise line of the order where it names none that exists
shared as (

    select
        refund_key,
        order_line_key,
        product_key,
        is_merchandise,
        case
            when sum(line_value) over (partition by refund_key) = 0 then 0
            else cast(line_value as double) / cast(sum(line_value) over (partition by refund_key) as double)
        end as share,
        row_number() over (
            partition by refund_key
            order by case when line_value <> 0 then 0 else 1 end nulls last, order_line_id desc nulls last
        ) as position_from_last

    from candidates
    where is_named = has_named and (is_named = 1 or is_merchandise)

),

spread as (

    select
        keyed.*,
        shared.order_line_key,
        shared.product_key as line_product_key,
        coalesce(shared.is_merchandise, true) as is_merchandise,
        coalesce(shared.position_from_last, 1) as position_from_last,
        cast(round(keyed.amount * coalesce(shared.share, 1), 2) as decimal(18, 4)) as rounded_amount

    from keyed
    left join shared on shared.refund_key = keyed.refund_key

),

-- every line but the last of any value is rounded to the cent; the last takes what remains
allotted as (

    select
        *,
        case
            when position_from_last = 1
                then amount - (sum(rounded_amount) over (partition by refund_key) - rounded_amount)
            else rounded_amount
        end as line_amount

    from spread

),

final as (

    select
        refund_key,
        order_key,
        order_line_key,
        case
            when order_key is not null then line_product_key
            when product_id is not null then {{ hash_key(['source_system', 'product_id']) }}
        end as product_key,
        source_system,
        raw_table,
        refund_id,
        case
            when order_key is null and customer_id is not null
                then {{ customer_record_key('source_system', 'customer_id') }}
        end as record_key,
        refunded_at,
        refund_date,
        case when position_from_last = 1 then quantity end as quantity,
        {{ in_shop_currency('case when is_merchandise then line_amount else 0 end') }} as refund_amount,
        {{ in_shop_currency(
            'case when is_merchandise then 0 else line_amount end'
            ~ ' + case when position_from_last = 1 then coalesce(other_amount, 0) else 0 end'
        ) }} as other_amount

    from allotted

)

select * from final
