-- one row per buyer: recency, frequency and money as scores 1 (worst) to 5 (best), and the group they make
with buyers as (

    select * from {{ ref('fct_customer') }} where orders > 0

),

cuts as (

    select * from {{ ref('rfm_cut') }}

),

classic_preset as (

    select * from {{ ref('rfm_classic') }}

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
        5 - {{ cuts_below('measured.recency_days', numbered_cuts('cuts.recency')) }} as r_score,
        1 + {{ cuts_below('measured.frequency', numbered_cuts('cuts.frequency')) }} as f_score,
        1 + {{ cuts_below('measured.monetary_amount', numbered_cuts('cuts.monetary')) }} as m_score

    from measured
    cross join cuts

),

final as (

    select
        scored.customer_key,
        scored.as_of_date,
        cast(scored.recency_days as int) as recency_days,
        cast(scored.frequency as bigint) as frequency,
        cast(scored.monetary_amount as decimal(38, 4)) as monetary_amount,
        cast(scored.r_score as int) as r_score,
        cast(scored.f_score as int) as f_score,
        cast(scored.m_score as int) as m_score,
        classic_preset.classic_group

    from scored
    left join classic_preset
        on classic_preset.r_score = scored.r_score
        and classic_preset.f_score = scored.f_score

)

select * from final
