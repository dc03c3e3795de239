-- one row per order (or unlinked refund), product and posted event: signed money, on the order's and its own day
with orders as (

    select * from {{ ref('int_order') }} where not never_posts

),

order_lines as (

    select * from {{ ref('int_order_line') }} where is_merchandise

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
        sum(quantity) as units,
        sum(gross_amount) as gross_amount,
        sum(discount_amount) as discount_amount

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

postings as (

    {% for event, sign, effective_date, condition in [
        ('order', '', 'orders.order_date', 'true'),
        ('cancellation', '-', 'orders.invalid_from', 'orders.invalid_from is not null'),
    ] -%}
    select
        '{{ event }}' as event,
        orders.customer_key,
        orders.order_key,
        order_products.product_key,
        orders.order_date,
        {{ effective_date }} as effective_date,
        {{ sign }}1 as orders,
        {{ sign }}order_products.line_count as line_count,
        {{ sign }}order_products.units as units,
        {{ sign }}order_products.gross_amount as gross_amount,
        {{ sign }}order_products.discount_amount as discount_amount,
        cast(0 as decimal(18, 4)) as refund_amount
    from order_products
    inner join orders on orders.order_key = order_products.order_key
    where {{ condition }}

    union all

    {% endfor -%}
    {% for event, sign, effective_date, condition in [
        ('refund', '', 'effective_date', 'true'),
        ('refund_reversal', '-', 'invalid_from', 'invalid_from is not null'),
    ] -%}
    select
        '{{ event }}',
        customer_key,
        order_key,
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
        'unlinked_refund',
        identity.customer_key,
        cast(null as string),
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
    where refund_lines.order_key is null

)

select * from postings
