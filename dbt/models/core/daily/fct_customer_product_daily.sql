-- one row per customer, product, order date and effective date, signed measures
with postings as (

    select * from {{ ref('int_posting') }}

),

final as (

    select
        customer_key,
        product_key,
        order_date,
        effective_date,
        cast(sum(orders) as bigint) as orders,
        cast(sum(line_count) as bigint) as line_count,
        cast(sum(units) as decimal(38, 4)) as units,
        cast(sum(gross_amount) as decimal(38, 4)) as gross_amount,
        cast(sum(discount_amount) as decimal(38, 4)) as discount_amount,
        cast(sum(refund_amount) as decimal(38, 4)) as refund_amount,
        cast(sum(gross_amount) - sum(discount_amount) - sum(refund_amount) as decimal(38, 4)) as net_amount

    from postings
    group by customer_key, product_key, order_date, effective_date

)

select * from final
