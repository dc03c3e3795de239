-- one row per measure: the orders, the daily facts and the customers agree, every difference named
{%- set measures = [
    ('orders', 'case when is_valid then 1 else 0 end', 'orders', 'orders'),
    ('gross_amount', 'case when is_valid then gross_amount else 0 end', 'gross_amount', 'gross_revenue'),
    ('discount_amount', 'case when is_valid then discount_amount else 0 end', 'discount_amount', 'discount_amount'),
    ('refund_amount', 'case when is_valid then refund_amount else 0 end', 'refund_amount', 'refund_amount'),
    ('net_amount', 'case when is_valid then net_amount else 0 end', 'net_amount', 'net_revenue'),
] %}
with orders as (

    select * from {{ ref('fct_order') }}

),

unlinked_refunds as (

    select coalesce(sum(refund_amount), 0) as refund_amount from {{ ref('fct_refund') }} where not is_linked

),

daily as (

    select
        *,
        order_date > {{ as_of_date() }} or effective_date > {{ as_of_date() }} as is_after

    from {{ ref('fct_customer_daily') }}

),

customers as (

    select * from {{ ref('fct_customer') }}

),

measured as (

    {% for measure, order_value, daily_value, customer_value in measures -%}
    select
        '{{ measure }}' as measure,
        (select coalesce(sum({{ order_value }}), 0) from orders) as fct_order_amount,
        {% if measure == 'refund_amount' -%}
        (select refund_amount from unlinked_refunds)
        {%- elif measure == 'net_amount' -%}
        (select -refund_amount from unlinked_refunds)
        {%- else -%}
        0
        {%- endif %} as unlinked_amount,
        (select coalesce(sum({{ daily_value }}), 0) from daily) as daily_amount,
        (select coalesce(sum({{ daily_value }}), 0) from daily where is_after) as posted_after_as_of,
        (
            select coalesce(sum({{ daily_value }}), 0) from daily where not is_after and customer_key is null
        ) as unidentified_amount,
        (select coalesce(sum({{ customer_value }}), 0) from customers) as fct_customer_amount
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

final as (

    select
        measure,
        cast(fct_order_amount as decimal(38, 4)) as fct_order_amount,
        cast(unlinked_amount as decimal(38, 4)) as unlinked_amount,
        cast(daily_amount as decimal(38, 4)) as daily_amount,
        cast(posted_after_as_of as decimal(38, 4)) as posted_after_as_of,
        cast(unidentified_amount as decimal(38, 4)) as unidentified_amount,
        cast(fct_customer_amount as decimal(38, 4)) as fct_customer_amount,
        cast(fct_order_amount + unlinked_amount - daily_amount as decimal(38, 4)) as order_difference,
        cast(
            daily_amount - posted_after_as_of - unidentified_amount - fct_customer_amount as decimal(38, 4)
        ) as customer_difference

    from measured

)

select * from final
