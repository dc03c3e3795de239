-- one row per raw row of customers: a person as known with one of their orders
with customers as (

    select * from {{ raw('olist', 'customers') }}

),

orders as (

    select * from {{ ref('int_olist__orders') }}

),

newest_orders as (

    select * from {{ newest('orders', ['order_customer_id']) }}

),

final as (

    select
        customers.customer_unique_id as customer_id,
        'BR' as country,
        customers.customer_state as region,
        customers.customer_city as city,
        cast(customers.customer_zip_code_prefix as string) as postal_code,
        -- A person has a row per order: the one of the latest order is the newest.
        newest_orders.ordered_at as updated_at,
        customers.source_system,
        customers._raw_table,
        customers._loaded_at,
        customers._as_of

    from customers
    left join newest_orders
        on newest_orders.source_system = customers.source_system
        and newest_orders.order_customer_id = customers.customer_id

)

select * from final
