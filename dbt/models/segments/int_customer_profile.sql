-- one row per customer: the facts and every one-row-per-customer mart side by side; all that a segment rule may read
with customers as (

    select * from {{ ref('fct_customer') }}

),

rfm as (

    select * from {{ ref('seg_rfm') }}

),

lifecycle as (

    select * from {{ ref('seg_lifecycle') }}

),

lapsed as (

    select * from {{ ref('seg_lapsed') }}

),

customer_values as (

    select * from {{ ref('seg_value') }}

),

primary_categories as (

    select * from {{ ref('seg_category_affinity') }}
    where is_primary and level = {{ var('affinity_profile_level') }}

),

final as (

    select
        customers.customer_key,
        customers.as_of_date,
        customers.first_seen_date,
        customers.orders,
        customers.occasions,
        customers.units,
        customers.gross_revenue,
        customers.discount_amount,
        customers.refund_amount,
        customers.net_revenue,
        customers.average_order_value,
        customers.first_order_date,
        customers.last_order_date,
        customers.days_since_last_order,
        customers.tenure_days,
        {%- for days in var('fact_windows_days') %}
        customers.orders_{{ days }}d,
        customers.occasions_{{ days }}d,
        customers.units_{{ days }}d,
        customers.net_revenue_{{ days }}d,
        {%- endfor %}
        customers.discounted_orders,
        customers.discounted_order_share,
        customers.refund_rate,
        customers.gap_count,
        customers.mean_gap_days,
        customers.distinct_products,
        customers.distinct_categories,
        customers.country,
        customers.region,
        customers.city,
        customers.language,
        customers.currency,
        customers.first_channel,
        customers.last_channel,
        customers.first_device,
        customers.last_device,
        customers.carts_started,
        customers.carts_abandoned,
        customers.last_cart_date,
        customers.open_cart_date,
        {{ days_between('customers.as_of_date', 'customers.open_cart_date') }} as days_since_open_cart,
        {{ age_bucket(
            days_between('customers.as_of_date', 'customers.open_cart_date'), var('open_cart_buckets')
        ) }} as open_cart_age,
        {%- for days in var('message_windows_days') %}
        customers.messages_received_{{ days }}d,
        customers.messages_opened_{{ days }}d,
        customers.messages_clicked_{{ days }}d,
        {%- endfor %}
        customers.last_click_date,
        customers.last_engagement_date,
        customers.has_bounced,
        customers.email_consent,
        customers.sms_consent,
        customers.push_consent,
        customers.ads_consent,
        customers.post_consent,
        rfm.r_score,
        rfm.f_score,
        rfm.m_score,
        rfm.classic_group,
        lifecycle.lifecycle_stage,
        lifecycle.lifecycle_stage_began_on,
        coalesce(lapsed.is_lapsed, false) as is_lapsed,
        lapsed.lapsed_band,
        lapsed.lapsed_on,
        lapsed.personal_limit_days,
        lapsed.is_personally_lapsed,
        lapsed.days_overdue,
        lapsed.churn_type,
        lapsed.value_at_stake,
        customer_values.value_tier,
        customer_values.is_vip,
        customer_values.support_tier,
        customer_values.orders_per_30_days,
        customer_values.basket_frequency_group,
        customer_values.median_price_rank,
        customer_values.price_tier,
        customer_values.discount_affinity,
        customer_values.discount_group,
        primary_categories.category_key as primary_category_key,
        primary_categories.category_name as primary_category,
        primary_categories.share as primary_category_share,
        primary_categories.lift as primary_category_lift

    from customers
    left join rfm on rfm.customer_key = customers.customer_key
    left join lifecycle on lifecycle.customer_key = customers.customer_key
    left join lapsed on lapsed.customer_key = customers.customer_key
    left join customer_values on customer_values.customer_key = customers.customer_key
    left join primary_categories on primary_categories.customer_key = customers.customer_key

)

select * from final
