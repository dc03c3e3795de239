-- one row per buyer: recency, frequency and money as scores 1 (worst) to 5 (best), and the groups they make
{%- set shares = var('rfm_cut_quantiles') %}
{%- set thirds = var('rfm_klaviyo_quantiles') %}
with buyers as (

    select * from {{ ref('fct_customer') }} where orders > 0

),

cuts as (

    select * from {{ ref('rfm_cut') }}

),

classic_preset as (

    select * from {{ ref('rfm_classic') }}

),

shopify_preset as (

    select * from {{ ref('rfm_shopify') }}

),

klaviyo_preset as (

    select * from {{ ref('rfm_klaviyo') }}

),

measured as (

    select
        customer_key,
        as_of_date,
        days_since_last_order as recency_days,
        orders as frequency,
        net_revenue as monetary_amount

    from buyers

),

scored as (

    select
        measured.customer_key,
        measured.as_of_date,
        measured.recency_days,
        measured.frequency,
        measured.monetary_amount,
        5 - {{ cuts_below('measured.recency_days', numbered_cuts('cuts.recency', shares)) }} as r_score,
        1 + {{ cuts_below('measured.frequency', numbered_cuts('cuts.frequency', shares)) }} as f_score,
        1 + {{ cuts_below('measured.monetary_amount', numbered_cuts('cuts.monetary', shares)) }} as m_score,
        3 - {{ cuts_below('measured.recency_days', var('rfm_klaviyo_recency_days')) }} as recency_band,
        1 + {{ cuts_below('measured.frequency', numbered_cuts('cuts.frequency_third', thirds)) }} as frequency_band,
        1 + {{ cuts_below('measured.monetary_amount', numbered_cuts('cuts.monetary_third', thirds)) }} as monetary_band

    from measured
    cross join cuts

),

-- the mean of the two scores, rounded half up
combined as (

    select
        *,
        cast(floor((f_score + m_score + 1) / 2) as int) as fm_score

    from scored

),

final as (

    select
        combined.customer_key,
        combined.as_of_date,
        cast(combined.recency_days as int) as recency_days,
        cast(combined.frequency as bigint) as frequency,
        {{ money('combined.monetary_amount') }} as monetary_amount,
        cast(combined.r_score as int) as r_score,
        cast(combined.f_score as int) as f_score,
        cast(combined.m_score as int) as m_score,
        classic_preset.classic_group,
        shopify_preset.shopify_group,
        klaviyo_preset.klaviyo_group

    from combined
    left join classic_preset
        on classic_preset.r_score = combined.r_score
        and classic_preset.f_score = combined.f_score
    left join shopify_preset
        on shopify_preset.r_score = combined.r_score
        and shopify_preset.fm_score = combined.fm_score
    left join klaviyo_preset
        on klaviyo_preset.recency_band = combined.recency_band
        and klaviyo_preset.frequency_band = combined.frequency_band
        and klaviyo_preset.monetary_band = combined.monetary_band

)

select * from final
