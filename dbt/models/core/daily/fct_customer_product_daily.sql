-- one row per customer, product, order date and effective date, signed measures
{{ config(
    materialized='incremental', incremental_strategy='touched_rows', unique_key=['customer_key', 'order_date']
) -}}

{%- call touch() %}
select customer_key, order_date from {{ changes(ref('int_order')) }}

union all

select customer_key, order_date from {{ changes(ref('fct_order_line')) }}

union all

select orders.customer_key, orders.order_date
from {{ changes(ref('int_refund_line')) }} as changed
inner join {{ ref('int_order') }} as orders on orders.order_key = changed.order_key

union all

-- refunds that name no order: those that changed, and those whose record belongs to another customer now
select persons.customer_key, changed.refund_date
from {{ changes(ref('int_refund_line')) }} as changed
left join (
    select record_key, customer_key from {{ ref('int_identity') }}

    union all

    select record_key, customer_key from {{ changes(ref('int_identity')) }}
) as persons on persons.record_key = changed.record_key
where changed.order_key is null

union all

select persons.customer_key, refund_lines.refund_date
from {{ ref('int_refund_line') }} as refund_lines
inner join {{ changes(ref('int_identity')) }} as persons on persons.record_key = refund_lines.record_key

union all

select cast(null as string), refund_date from {{ ref('int_refund_line') }} where order_key is null
{%- endcall -%}

with orders as (

    select * from {{ ref('int_order') }} as orders
    {{ only_touched('orders') }}
    where not never_posts

),

order_lines as (

    select * from {{ ref('fct_order_line') }} as order_lines
    {{ only_touched('order_lines') }}
    where is_merchandise

),

refund_lines as (

    select * from {{ ref('int_refund_line') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

order_products as (

    select
        order_key,
        product_key,
        count(case when quantity > 0 then 1 end) as line_count,
        cast(sum(quantity) as decimal(18, 4)) as units,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(discount_amount)') }} as discount_amount

    from order_lines
    group by order_key, product_key

),

refund_products as (

    select
        order_key,
        product_key,
        refund_date,
        sum(refund_amount) as refund_amount

    from refund_lines
    where order_key is not null and refund_amount <> 0
    group by order_key, product_key, refund_date

),

-- a refund after the order became invalid changes nothing: the order is already gone
order_refunds as (

    select
        orders.customer_key,
        orders.order_key,
        refund_products.product_key,
        orders.order_date,
        greatest(orders.order_date, refund_products.refund_date) as effective_date,
        orders.invalid_from,
        refund_products.refund_amount

    from refund_products
    inner join orders on orders.order_key = refund_products.order_key
    where
        orders.invalid_from is null
        or greatest(orders.order_date, refund_products.refund_date) < orders.invalid_from

),

-- an order posts on its day and is taken back when it becomes invalid
order_postings as (

    select
        order_key,
        customer_key,
        order_date,
        order_date as effective_date,
        1 as orders
    from orders

    union all

    select
        order_key,
        customer_key,
        order_date,
        invalid_from,
        -1
    from orders
    where invalid_from is not null

),

-- and so is a refund
postings as (

    select
        order_postings.customer_key,
        order_products.product_key,
        order_postings.order_date,
        order_postings.effective_date,
        order_postings.orders,
        {%- for measure in ['line_count', 'units', 'gross_amount', 'discount_amount'] %}
        case
            when order_postings.orders > 0 then order_products.{{ measure }}
            else -order_products.{{ measure }}
        end as {{ measure }},
        {%- endfor %}
        {{ money('0') }} as refund_amount
    from order_products
    inner join order_postings on order_postings.order_key = order_products.order_key

    union all

    {% for sign, effective_date, condition in [
        ('', 'effective_date', 'true'),
        ('-', 'invalid_from', 'invalid_from is not null'),
    ] -%}
    select
        customer_key,
        product_key,
        order_date,
        {{ effective_date }},
        0,
        0,
        0,
        0,
        0,
        {{ sign }}refund_amount
    from order_refunds
    where {{ condition }}

    union all

    {% endfor -%}
    select
        identity.customer_key,
        refund_lines.product_key,
        refund_lines.refund_date,
        refund_lines.refund_date,
        0,
        0,
        0,
        0,
        0,
        refund_lines.refund_amount
    from refund_lines
    left join identity on identity.record_key = refund_lines.record_key
    {{ only_touched(
        'refund_lines',
        values={'customer_key': 'identity.customer_key', 'order_date': 'refund_lines.refund_date'}
    ) }}
    where refund_lines.order_key is null

),

final as (

    select
        customer_key,
        product_key,
        order_date,
        effective_date,
        cast(sum(orders) as bigint) as orders,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(units) as decimal(18, 4)) as units,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(discount_amount)') }} as discount_amount,
        {{ money('sum(refund_amount)') }} as refund_amount,
        {{ money('sum(gross_amount) - sum(discount_amount) - sum(refund_amount)') }} as net_amount

    from postings
    group by customer_key, product_key, order_date, effective_date

)

select * from final
