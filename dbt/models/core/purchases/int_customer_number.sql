-- one row per customer: a number for them, of this date only
with customers as (

    select * from {{ ref('fct_customer') }}

),

final as (

    select
        customer_key,
        cast(row_number() over (order by customer_key nulls last) as int) as customer_number

    from customers

)

select * from final
