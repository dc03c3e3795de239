-- one row per order: its customer, its business day, and whether and until when it is valid
{{ config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['order_key']) -}}
{%- set order_key = hash_key(['source_system', 'order_id']) -%}

{%- call touch() %}
select {{ order_key }} as order_key from {{ changes(ref('orders_rows')) }}

union all

select {{ order_key }} from {{ changes(ref('order_lines_rows')) }}

union all

-- orders of records that belong to another customer now
select {{ order_key }}
from {{ ref('orders') }} as orders
inner join (select distinct record_key from {{ changes(ref('int_identity')) }}) as records
    on records.record_key = {{ person_record_key('orders', 'orders.country') }}
{%- endcall -%}

with orders as (

    select * from {{ ref('orders') }} as orders
    {{ only_touched('orders', values={'order_key': order_key}) }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

line_totals as (

    select
        source_system,
        order_id,
        sum(case when is_merchandise then 1 else 0 end) as lines,
        sum(case when is_merchandise then quantity else 0 end) as units,
        sum(case when is_merchandise then gross_amount else 0 end) as gross_amount,
        sum(case when is_merchandise then discount_amount else 0 end) as discount_amount

    from {{ ref('int_order_line') }} as order_lines
    {{ only_touched('order_lines') }}
    group by source_system, order_id

),

keyed as (

    select
        {{ order_key }} as order_key,
        {{ person_record_key('orders', 'orders.country') }} as record_key,
        source_system,
        order_id,
        ordered_at,
        {{ business_date('ordered_at') }} as order_date,
        status,
        coalesce(is_test, false) as is_test,
        coalesce(cancelled_at, case when is_deleted and status <> 'cancelled' then updated_at end) as ended_at,
        currency,
        exchange_rate,
        channel,
        device,
        country,
        coupon_code,
        delivered_at,
        shipping_amount,
        tax_amount,
        total_amount,
        voucher_amount

    from orders

),

valued as (

    select
        keyed.*,
        identity.customer_key,
        cast(coalesce(line_totals.lines, 0) as bigint) as lines,
        cast(coalesce(line_totals.units, 0) as decimal(18, 4)) as units,
        cast(coalesce(line_totals.gross_amount, 0) as decimal(18, 4)) as gross_amount,
        cast(coalesce(line_totals.discount_amount, 0) as decimal(18, 4)) as discount_amount,
        keyed.is_test
        or keyed.status = 'voided'
        or (keyed.status = 'cancelled' and keyed.ended_at is null)
        or coalesce(line_totals.gross_amount - line_totals.discount_amount, 0) <= 0 as never_posts

    from keyed
    left join identity on identity.record_key = keyed.record_key
    left join line_totals
        on line_totals.source_system = keyed.source_system
        and line_totals.order_id = keyed.order_id

),

final as (

    select
        order_key,
        customer_key,
        source_system,
        order_id,
        ordered_at,
        order_date,
        status,
        never_posts,
        case
            when never_posts then order_date
            when ended_at is not null then greatest(order_date, {{ business_date('ended_at') }})
        end as invalid_from,
        currency,
        exchange_rate,
        channel,
        device,
        country,
        coupon_code,
        delivered_at,
        lines,
        units,
        gross_amount,
        discount_amount,
        {{ in_shop_currency('coalesce(shipping_amount, 0)') }} as shipping_amount,
        {{ in_shop_currency('coalesce(tax_amount, 0)') }} as tax_amount,
        {{ in_shop_currency('total_amount') }} as total_amount,
        {{ in_shop_currency('coalesce(voucher_amount, 0)') }} as voucher_amount

    from valued

)

select * from final
