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

engagement as (

    select * from {{ ref('seg_engagement') }}

),

people as (

    select * from {{ ref('seg_profile') }}

),

predictions as (

    select * from {{ ref('seg_prediction') }}

),

primary_categories as (

    select * from {{ ref('seg_category_affinity') }}
    where is_primary and level = {{ var('affinity_profile_level') }}

),

cross_sells as (

    select * from {{ ref('seg_cross_sell') }} where place = 1

),

upsells as (

    select * from {{ ref('seg_upsell') }} where place = 1

),

recommendations as (

    select * from {{ ref('seg_recommendation') }} where place = 1 and kind = 'new'

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
        customers.most_orders_of_a_product,
        customers.currency,
        customers.first_channel,
        customers.first_device,
        customers.last_device,
        customers.carts_started,
        customers.carts_abandoned,
        customers.open_carts,
        customers.last_cart_date,
        customers.open_cart_date,
        {{ days_between('customers.as_of_date', 'customers.open_cart_date') }} as days_since_open_cart,
        {{ age_bucket(
            days_between('customers.as_of_date', 'customers.open_cart_date'), var('open_cart_buckets')
        ) }} as open_cart_age,
        case
            when customers.open_carts is not null
                then coalesce(
                    {{ days_between('customers.as_of_date', 'customers.open_cart_date') }}
                    < {{ var('open_cart_buckets')[-1].days }},
                    false
                )
        end as has_open_cart,
        {%- for days in var('browse_windows_days') %}
        customers.product_views_{{ days }}d,
        customers.searches_{{ days }}d,
        {%- endfor %}
        customers.visit_days,
        customers.product_views,
        customers.searches,
        customers.most_views_of_a_product,
        customers.last_visit_date,
        customers.open_view_date,
        customers.open_search_date,
        customers.last_search_term,
        customers.favourites,
        customers.low_stock_favourites,
        customers.low_stock_favourite,
        customers.reviews,
        customers.written_reviews,
        customers.average_rating,
        customers.last_review_date,
        customers.last_delivered_date,
        customers.unreviewed_deliveries,
        customers.nps_score,
        customers.nps_date,
        customers.referrals,
        customers.successful_referrals,
        customers.tickets,
        customers.open_tickets,
        {{ days_between('customers.as_of_date', 'customers.open_view_date') }} as days_since_open_view,
        {{ days_between('customers.as_of_date', 'customers.open_search_date') }} as days_since_open_search,
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
        engagement.engagement_tier,
        engagement.engagement_group,
        engagement.is_sunset_candidate,
        {%- for channel in consent_channels() %}
        engagement.is_contactable_by_{{ channel }},
        {%- endfor %}
        people.age,
        people.age_band,
        people.days_until_birthday,
        people.gender,
        people.income_band,
        people.occupation,
        people.education,
        people.marital_status,
        people.household_size,
        people.life_stage,
        people.lead_stage,
        people.country,
        people.region,
        people.city,
        people.language,
        people.last_channel,
        {%- for trait in var('declared_traits') %}
        people.declared_{{ trait }},
        {%- endfor %}
        people.nps_class,
        people.review_activity,
        rfm.r_score,
        rfm.f_score,
        rfm.m_score,
        rfm.classic_group,
        coalesce(rfm.shopify_group, 'Prospects') as shopify_group,
        rfm.klaviyo_group,
        lifecycle.lifecycle_stage,
        lifecycle.lifecycle_stage_began_on,
        lifecycle.journey_stage,
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
        primary_categories.lift as primary_category_lift,
        cross_sells.suggested_product_key as cross_sell_product_key,
        cross_sells.suggested_product_title as cross_sell_product,
        cross_sells.reason as cross_sell_reason,
        upsells.suggested_product_key as upsell_product_key,
        upsells.suggested_product_title as upsell_product,
        upsells.reason as upsell_reason,
        recommendations.suggested_product_key as recommended_product_key,
        recommendations.suggested_product_title as recommended_product,
        predictions.probability_alive,
        predictions.probability_of_order,
        predictions.churn_risk,
        predictions.churn_risk_band,
        predictions.expected_orders_90d,
        predictions.expected_orders_365d,
        predictions.expected_value_90d,
        predictions.expected_value_365d,
        predictions.days_until_next_order,
        predictions.next_order_date,
        predictions.predicted_value_tier

    from customers
    left join rfm on rfm.customer_key = customers.customer_key
    left join lifecycle on lifecycle.customer_key = customers.customer_key
    left join lapsed on lapsed.customer_key = customers.customer_key
    left join customer_values on customer_values.customer_key = customers.customer_key
    left join engagement on engagement.customer_key = customers.customer_key
    left join people on people.customer_key = customers.customer_key
    left join predictions on predictions.customer_key = customers.customer_key
    left join primary_categories on primary_categories.customer_key = customers.customer_key
    left join cross_sells on cross_sells.customer_key = customers.customer_key
    left join upsells on upsells.customer_key = customers.customer_key
    left join recommendations on recommendations.customer_key = customers.customer_key

)

select * from final
