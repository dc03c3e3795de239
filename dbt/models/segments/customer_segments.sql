-- one row per customer: their tiers and groups as labels, and every declared segment as a boolean
with profile as (

    select * from {{ ref('int_customer_profile') }}

),

flags as (

    select * from {{ ref('int_customer_segment_flag') }}

),

final as (

    select
        profile.customer_key,
        profile.as_of_date,
        profile.classic_group,
        profile.shopify_group,
        profile.klaviyo_group,
        profile.lifecycle_stage,
        profile.lapsed_band,
        profile.churn_type,
        profile.value_tier,
        profile.support_tier,
        profile.basket_frequency_group,
        profile.price_tier,
        profile.discount_group,
        profile.primary_category,
        profile.open_cart_age,
        profile.journey_stage,
        profile.engagement_group,
        profile.age_band,
        profile.life_stage,
        profile.country,
        profile.language,
        profile.first_channel,
        profile.last_device,
        profile.nps_class,
        profile.review_activity,
        profile.churn_risk_band,
        profile.predicted_value_tier
        {%- for segment in catalogue_segments() if not segment.for_each %},
        flags.{{ segment.name }}
        {%- endfor %}

    from profile
    inner join flags on flags.customer_key = profile.customer_key

)

select * from final
