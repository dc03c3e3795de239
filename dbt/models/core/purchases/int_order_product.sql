-- one row per order that is valid as of D and merchandise product in it: was it kept, does it say what goes together
with customers as (

    select * from {{ ref('int_customer_number') }}

),

orders as (

    select
        orders.order_key,
        customers.customer_number,
        orders.order_date,
        cast(row_number() over (order by orders.order_key nulls last) as int) as order_number

    from {{ ref('int_order') }} as orders
    left join customers on customers.customer_key = orders.customer_key
    where
        orders.order_date <= {{ as_of_date() }}
        and (orders.invalid_from is null or orders.invalid_from > {{ as_of_date() }})

),

order_lines as (

    select * from {{ ref('fct_order_line') }} where is_merchandise and quantity > 0

),

products as (

    select * from {{ ref('int_product_number') }}

),

refunds as (

    select
        order_line_key,
        sum(refund_amount) as refund_amount

    from {{ ref('fct_refund') }}
    where order_line_key is not null and refund_date <= {{ as_of_date() }}
    group by order_line_key

),

-- a line without a price is a gift or part of a bundle; one refunded whole went back
judged as (

    select
        orders.order_number,
        orders.customer_number,
        orders.order_date,
        products.product_number,
        products.category_number,
        order_lines.quantity,
        order_lines.gross_amount,
        products.product_number is not null
        and order_lines.gross_amount > 0
        {%- if var('bundle_skus') %}
        and coalesce(products.sku not in (
            {%- for sku in var('bundle_skus') %}{{ text_literal(sku) }}{{ ', ' if not loop.last }}{% endfor -%}
        ), true)
        {%- endif %}
        and coalesce(
            refunds.refund_amount <= 0
            or refunds.refund_amount < order_lines.gross_amount - order_lines.discount_amount,
            true
        ) as is_kept

    from order_lines
    inner join orders on orders.order_key = order_lines.order_key
    left join products on products.product_key = order_lines.product_key
    left join refunds on refunds.order_line_key = order_lines.order_line_key

),

order_products as (

    select
        order_number,
        customer_number,
        order_date,
        product_number,
        category_number,
        count(*) as order_lines,
        sum(quantity) as quantity,
        sum(gross_amount) as gross_amount,
        max(case when is_kept then 1 else 0 end) = 1 as is_kept

    from judged
    group by order_number, customer_number, order_date, product_number, category_number

),

large_orders as (

    select order_number

    from order_products
    where is_kept
    group by order_number
    having count(*) > {{ var('cross_sell_max_products') }}

),

-- by a hash, so that of an order with too many products none is preferred
placed as (

    select
        order_products.order_number,
        order_products.product_number,
        row_number() over (
            partition by order_products.order_number
            order by {{ hash_key(['orders.order_key', 'products.product_key']) }} nulls last, products.product_key nulls last
        ) as place

    from order_products
    inner join large_orders on large_orders.order_number = order_products.order_number
    inner join orders on orders.order_number = order_products.order_number
    inner join products on products.product_number = order_products.product_number
    where order_products.is_kept

),

left_out as (

    select order_number, product_number from placed where place > {{ var('cross_sell_max_products') }}

),

final as (

    select
        order_products.order_number,
        order_products.customer_number,
        order_products.order_date,
        order_products.product_number,
        order_products.category_number,
        cast(order_products.order_lines as int) as order_lines,
        cast(order_products.quantity as decimal(18, 4)) as quantity,
        {{ money('order_products.gross_amount') }} as gross_amount,
        order_products.is_kept,
        order_products.is_kept and left_out.order_number is null as is_in_basket

    from order_products
    left join left_out
        on left_out.order_number = order_products.order_number
        and left_out.product_number = order_products.product_number

)

select * from final
