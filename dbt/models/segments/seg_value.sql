-- one row per customer: what they are worth and how they buy, each as a tier or group
{%- set min_basket_orders = var('basket_min_orders') %}
with customers as (

    select * from {{ ref('fct_customer') }}

),

daily as (

    select *
    from {{ ref('fct_customer_daily') }}
    where order_date <= {{ as_of_date() }} and effective_date <= {{ as_of_date() }}

),

value_tiers as (

    select * from {{ ref('int_customer_value_tier') }}

),

price_tiers as (

    select * from {{ ref('int_customer_price_tier') }}

),

-- the shop's share of discounted orders, unidentified ones included
shop as (

    select {{ quotient('sum(discounted_orders)', 'sum(orders)') }} as discounted_share

    from daily

),

habits as (

    select
        customer_key,
        {{ money_ratio('net_revenue', 'orders') }} as average_order_value,
        {{ ratio(
            '30 * orders',
            'greatest(tenure_days, ' ~ var('basket_min_tenure_days') ~ ')'
        ) }} as orders_per_30_days

    from customers
    where orders >= {{ min_basket_orders }}

),

habit_medians as (

    select
        {{ wide_weight(median('average_order_value')) }} as average_order_value,
        {{ weight(median('orders_per_30_days')) }} as orders_per_30_days

    from habits

),

habit_groups as (

    select
        habits.customer_key,
        habits.orders_per_30_days,
        case
            when habits.average_order_value > habit_medians.average_order_value then 'big_basket_'
            else 'small_basket_'
        end
        || case
            when habits.orders_per_30_days > habit_medians.orders_per_30_days then 'regular'
            else 'occasional'
        end as basket_frequency_group

    from habits
    cross join habit_medians

),

joined as (

    select
        customers.customer_key,
        customers.as_of_date,
        customers.orders,
        coalesce(value_tiers.value_tier_revenue, 0) as value_tier_revenue,
        value_tiers.value_tier,
        value_tiers.raw_value_tier,
        value_tiers.prior_raw_value_tier,
        coalesce(value_tiers.is_vip, false) as is_vip,
        {{ support_tier_name('customers.net_revenue') }} as support_tier,
        habit_groups.orders_per_30_days,
        habit_groups.basket_frequency_group,
        price_tiers.median_price_rank,
        price_tiers.price_tier,
        case
            when customers.orders > 0
                then {{ weight(shrunk_share(
                    'customers.discounted_orders',
                    'customers.orders',
                    'shop.discounted_share',
                    var('discount_affinity_prior_orders')
                )) }}
        end as discount_affinity

    from customers
    cross join shop
    left join value_tiers on value_tiers.customer_key = customers.customer_key
    left join habit_groups on habit_groups.customer_key = customers.customer_key
    left join price_tiers on price_tiers.customer_key = customers.customer_key

),

final as (

    select
        customer_key,
        as_of_date,
        {{ money('value_tier_revenue') }} as value_tier_revenue,
        value_tier,
        raw_value_tier,
        prior_raw_value_tier,
        is_vip,
        support_tier,
        orders_per_30_days,
        basket_frequency_group,
        median_price_rank,
        price_tier,
        discount_affinity,
        case
            when orders < {{ var('discount_min_orders') }} then null
            when discount_affinity >= {{ var('discount_deal_hunter_share') }} then 'deal_hunter'
            when discount_affinity <= {{ var('discount_full_price_share') }} then 'full_price'
            else 'mixed'
        end as discount_group

    from joined

)

select * from final
