-- one row per raw row of orders, with the person behind its customer id
with orders as (

    select * from {{ raw('olist', 'orders') }}

),

customers as (

    select * from {{ raw('olist', 'customers') }}

),

newest_customers as (

    select * from {{ newest('customers', ['customer_id']) }}

),

final as (

    select
        orders.order_id,
        orders.customer_id as order_customer_id,
        newest_customers.customer_unique_id as person_id,
        orders.order_status,
        {{ local_to_utc('orders.order_purchase_timestamp', 'America/Sao_Paulo') }} as ordered_at,
        {{ local_to_utc('orders.order_approved_at', 'America/Sao_Paulo') }} as approved_at,
        {{ local_to_utc('orders.order_delivered_customer_date', 'America/Sao_Paulo') }} as delivered_at,
        newest_customers.customer_state,
        newest_customers.customer_city,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of

    from orders
    left join newest_customers
        on newest_customers.source_system = orders.source_system
        and newest_customers.customer_id = orders.customer_id

)

select * from final
