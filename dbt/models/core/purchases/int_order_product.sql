-- one row per order that is valid as of D and product in it: was it kept, and does it count for what goes together
with order_lines as (

    select * from {{ ref('int_order_line_as_of') }} where product_key is not null

),

products as (

    select * from {{ ref('dim_product') }}

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
        order_lines.order_key,
        order_lines.customer_key,
        order_lines.order_date,
        order_lines.product_key,
        order_lines.gross_amount > 0
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
    left join products on products.product_key = order_lines.product_key
    left join refunds on refunds.order_line_key = order_lines.order_line_key

),

order_products as (

    select
        order_key,
        customer_key,
        order_date,
        product_key,
        max(case when is_kept then 1 else 0 end) = 1 as is_kept

    from judged
    group by order_key, customer_key, order_date, product_key

),

-- by a hash, so that of an order with too many products none is preferred
final as (

    select
        order_key,
        customer_key,
        order_date,
        product_key,
        is_kept,
        case
            when is_kept then cast(
                row_number() over (
                    partition by order_key, is_kept
                    order by {{ hash_key(['order_key', 'product_key']) }} nulls last, product_key nulls last
                ) as int
            )
        end as basket_place

    from order_products

)

select * from final
