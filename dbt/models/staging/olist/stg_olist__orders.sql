-- one row per raw row of orders
with orders as (

    select * from {{ ref('int_olist__orders') }}

),

totals as (

    select * from {{ ref('int_olist__order_totals') }}

),

final as (

    select
        orders.order_id,
        orders.person_id as customer_id,
        orders.ordered_at,
        case orders.order_status
            when 'created' then 'pending'
            when 'approved' then 'paid'
            when 'invoiced' then 'paid'
            when 'processing' then 'paid'
            when 'shipped' then 'fulfilled'
            when 'delivered' then 'fulfilled'
            when 'canceled' then 'cancelled'
            when 'unavailable' then 'cancelled'
            else orders.order_status
        end as status,
        orders.approved_at as paid_at,
        'BRL' as currency,
        coalesce(totals.freight_amount, 0) as shipping_amount,
        coalesce(totals.paid_amount, 0) as total_amount,
        coalesce(totals.voucher_amount, 0) as voucher_amount,
        'BR' as country,
        orders.customer_state as region,
        orders.customer_city as city,
        orders.delivered_at,
        orders.source_system,
        orders._raw_table,
        orders._loaded_at,
        orders._as_of

    from orders
    left join totals
        on totals.source_system = orders.source_system
        and totals.order_id = orders.order_id

)

select * from final
