-- one row per person: a number for them, of this date only, and whether they are a customer by the as-of date
with people as (

    select distinct customer_key from {{ ref('int_identity') }}

),

customers as (

    select * from {{ ref('fct_customer') }}

),

final as (

    select
        people.customer_key,
        cast(row_number() over (order by people.customer_key nulls last) as int) as customer_number,
        customers.customer_key is not null as is_known

    from people
    left join customers on customers.customer_key = people.customer_key

)

select * from final
