-- one row per customer, order date and effective date, signed measures
{{ config(
    materialized='incremental', incremental_strategy='touched_rows', unique_key=['customer_key', 'order_date']
) -}}

{%- call touch() %}
select customer_key, order_date from {{ changes(ref('int_order')) }}

union all

select customer_key, order_date from {{ changes(ref('fct_customer_product_daily')) }}
{%- endcall -%}

with orders as (

    select * from {{ ref('int_order') }} as orders
    {{ only_touched('orders') }}
    where not never_posts

),

product_days as (

    select * from {{ ref('fct_customer_product_daily') }} as product_days
    {{ only_touched('product_days') }}

),

{#- Orders are counted from orders, since one order is in the days of several products. #}
measures as (

    select
        customer_key,
        order_date,
        order_date as effective_date,
        1 as orders,
        case when discount_amount > 0 then 1 else 0 end as discounted_orders,
        0 as units,
        0 as gross_amount,
        0 as discount_amount,
        0 as refund_amount
    from orders

    union all

    select
        customer_key,
        order_date,
        invalid_from,
        -1,
        case when discount_amount > 0 then -1 else 0 end,
        0,
        0,
        0,
        0
    from orders
    where invalid_from is not null

    union all

    select
        customer_key,
        order_date,
        effective_date,
        0,
        0,
        units,
        gross_amount,
        discount_amount,
        refund_amount
    from product_days

),

final as (

    select
        customer_key,
        order_date,
        effective_date,
        cast(sum(orders) as bigint) as orders,
        cast(sum(discounted_orders) as bigint) as discounted_orders,
        cast(sum(units) as decimal(18, 4)) as units,
        {{ money('sum(gross_amount)') }} as gross_amount,
        {{ money('sum(discount_amount)') }} as discount_amount,
        {{ money('sum(refund_amount)') }} as refund_amount,
        {{ money('sum(gross_amount) - sum(discount_amount) - sum(refund_amount)') }} as net_amount

    from measures
    group by customer_key, order_date, effective_date

)

select * from final
