-- one row per customer: whether and where they may be written to, and the merge fields that an audience may hold
{%- set next_products = 3 %}
with profile as (

    select * from {{ ref('int_customer_profile') }}

),

addresses as (

    select * from {{ ref('int_customer_address') }}

),

consents as (

    select * from {{ ref('int_customer_consent') }}

),

-- whenever it was: who is known to be out of reach is not written to, also where the date did not know it yet
bounced as (

    select distinct customer_key from {{ ref('fct_message') }} where event_type = 'bounced'

),

next_products as (

    select
        customer_key,
        {%- for place in range(1, next_products + 1) %}
        max(case when place = {{ place }} then suggested_product_title end) as next_product_{{ place }}
        {{- ',' if not loop.last }}
        {%- endfor %}

    from {{ ref('seg_recommendation') }}
    where kind = 'new'
    group by customer_key

),

final as (

    select
        profile.customer_key,
        profile.as_of_date,
        {%- for channel in consent_channels() %}
        profile.is_contactable_by_{{ channel }}
        and coalesce(consents.{{ channel }}_consent_since <> 'withdrawn', true)
        {%- if channel == 'email' %}
        and bounced.customer_key is null
        {%- endif %} as is_contactable_by_{{ channel }},
        {%- endfor %}
        profile.open_tickets,
        addresses.email,
        addresses.phone,
        addresses.ads_email,
        addresses.ads_phone,
        addresses.shop_system,
        addresses.shop_customer_id,
        addresses.first_name,
        addresses.last_name,
        profile.language,
        profile.country,
        profile.primary_category,
        {%- for place in range(1, next_products + 1) %}
        next_products.next_product_{{ place }},
        {%- endfor %}
        case profile.discount_group
            when 'deal_hunter' then 'a voucher works'
            when 'mixed' then 'a voucher may help'
            when 'full_price' then 'needs no voucher'
        end as voucher_hint,
        profile.lifecycle_stage,
        profile.journey_stage,
        profile.classic_group,
        profile.value_tier,
        profile.support_tier,
        profile.price_tier,
        profile.engagement_group,
        profile.open_cart_age

    from profile
    left join addresses on addresses.customer_key = profile.customer_key
    left join consents on consents.customer_key = profile.customer_key
    left join bounced on bounced.customer_key = profile.customer_key
    left join next_products on next_products.customer_key = profile.customer_key

)

select * from final
