-- one row per merchandise line of an order that is valid as of D, identified or not, with its product's category
with order_lines as (

    select * from {{ ref('fct_order_line') }}

),

products as (

    select * from {{ ref('dim_product') }}

),

final as (

    select
        order_lines.order_line_key,
        order_lines.order_key,
        order_lines.customer_key,
        order_lines.order_date,
        order_lines.product_key,
        products.category_key,
        order_lines.quantity,
        order_lines.gross_amount,
        order_lines.discount_amount

    from order_lines
    left join products on products.product_key = order_lines.product_key
    where
        order_lines.is_merchandise
        and order_lines.quantity > 0
        and order_lines.order_date <= {{ as_of_date() }}
        and (order_lines.invalid_from is null or order_lines.invalid_from > {{ as_of_date() }})

)

select * from final
