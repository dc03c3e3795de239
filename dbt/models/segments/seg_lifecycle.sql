-- one row per customer: the lifecycle stage as of D and the day it began
{%- set new_days = var('lifecycle_new_days') %}
{%- set active_days = var('lifecycle_active_days') %}
{%- set reactivated_days = var('lifecycle_reactivated_days') %}
{%- set lapsed_days = var('lapsed_days') %}
with customers as (

    select * from {{ ref('fct_customer') }}

),

occasions as (

    select
        customer_key,
        order_date,
        lag(order_date) over (partition by customer_key order by order_date nulls last) as previous_order_date

    from {{ ref('int_customer_occasion') }}

),

-- where the customer's latest run of orders without a cooling day began, and where a lapsed customer came back
turning_points as (

    select
        customer_key,
        max(
            case
                when previous_order_date is null then order_date
                when {{ days_between('order_date', 'previous_order_date') }} > {{ active_days }} then order_date
            end
        ) as run_began_on,
        max(
            case when {{ days_between('order_date', 'previous_order_date') }} >= {{ lapsed_days }} then order_date end
        ) as returned_on,
        min(case when previous_order_date is not null then order_date end) as second_order_date

    from occasions
    group by customer_key

),

staged as (

    select
        customers.customer_key,
        customers.as_of_date,
        customers.first_seen_date,
        customers.first_order_date,
        customers.last_order_date,
        turning_points.run_began_on,
        turning_points.returned_on,
        turning_points.second_order_date,
        case
            when customers.nps_class = 'promoter' or customers.successful_referrals > 0 then 'advocate'
            when customers.occasions >= 2 then 'repeat'
            when customers.orders > 0 then 'purchased'
            when
                {{ days_between('customers.as_of_date', 'customers.open_cart_date') }} < {{ var('journey_intent_days') }}
                then 'intent'
            when customers.most_views_of_a_product >= 2 or customers.favourites > 0 or customers.searches > 0
                then 'considering'
            when customers.visit_days > 0 then 'aware'
            else 'unaware'
        end as journey_stage,
        case
            when customers.orders = 0 then 'prospect'
            when customers.days_since_last_order >= {{ lapsed_days }} then 'lapsed'
            when customers.occasions = 1 and customers.days_since_last_order < {{ new_days }} then 'new'
            when {{ days_between('customers.as_of_date', 'turning_points.returned_on') }} < {{ reactivated_days }}
                then 'reactivated'
            when customers.days_since_last_order < {{ active_days }} then 'active'
            else 'cooling'
        end as lifecycle_stage

    from customers
    left join turning_points on turning_points.customer_key = customers.customer_key

),

final as (

    select
        customer_key,
        as_of_date,
        lifecycle_stage,
        case
            when lifecycle_stage = 'prospect' then first_seen_date
            when lifecycle_stage = 'lapsed' then {{ add_days('last_order_date', lapsed_days) }}
            when lifecycle_stage = 'new' then first_order_date
            when lifecycle_stage = 'reactivated' then returned_on
            when lifecycle_stage = 'cooling' then {{ add_days('last_order_date', active_days) }}
            when run_began_on = returned_on then {{ add_days('returned_on', reactivated_days) }}
            when run_began_on > first_order_date then run_began_on
            when second_order_date < {{ add_days('first_order_date', new_days) }} then second_order_date
            else {{ add_days('first_order_date', new_days) }}
        end as lifecycle_stage_began_on,
        journey_stage

    from staged

)

select * from final
