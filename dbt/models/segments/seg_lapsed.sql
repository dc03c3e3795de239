-- one row per buyer: lapsed by the shop's fixed limit and by the customer's own rhythm, and what is at stake
{%- set lapsed_days = var('lapsed_days') %}
{%- set band_starts = [lapsed_days] + var('lapsed_further_bands') %}
{%- set prior_gaps = var('lapsed_personal_prior_gaps') %}
with buyers as (

    select * from {{ ref('fct_customer') }} where orders > 0

),

daily as (

    select * from {{ ref('fct_customer_daily') }}

),

-- the shop's median of customers' mean gaps; NULL where the shop has seen too few gaps
shop_rhythm as (

    select
        case
            when sum(gap_count) >= {{ var('lapsed_personal_min_gaps') }}
                then {{ median(quotient('gap_days_sum', 'gap_count')) }}
        end as median_gap_days

    from buyers
    where gap_count > 0

),

stakes as (

    select
        buyers.customer_key,
        sum(daily.net_amount) as value_at_stake

    from buyers
    inner join daily on daily.customer_key = buyers.customer_key
    where
        daily.order_date <= buyers.last_order_date
        and daily.order_date > {{ add_days('buyers.last_order_date', -var('value_at_stake_days')) }}
        and daily.effective_date <= {{ as_of_date() }}
    group by buyers.customer_key

),

limits as (

    select
        buyers.customer_key,
        buyers.as_of_date,
        buyers.last_order_date,
        buyers.days_since_last_order,
        buyers.occasions,
        {{ ratio('buyers.gap_days_sum', 'buyers.gap_count') }} as mean_gap_days,
        {{ ratio(
            var('lapsed_personal_factor') ~ ' * (buyers.gap_days_sum + ' ~ prior_gaps ~ ' * shop_rhythm.median_gap_days)',
            'buyers.gap_count + ' ~ prior_gaps
        ) }} as personal_limit_days

    from buyers
    cross join shop_rhythm

),

final as (

    select
        limits.customer_key,
        limits.as_of_date,
        cast(limits.days_since_last_order as int) as days_since_last_order,
        limits.days_since_last_order >= {{ lapsed_days }} as is_lapsed,
        case
            when limits.days_since_last_order < {{ lapsed_days }} then null
            {%- for start in band_starts %}
            {%- if loop.last %}
            else '{{ start }}+'
            {%- else %}
            when limits.days_since_last_order < {{ loop.nextitem }} then '{{ start }}-{{ loop.nextitem - 1 }}'
            {%- endif %}
            {%- endfor %}
        end as lapsed_band,
        case
            when limits.days_since_last_order >= {{ lapsed_days }}
                then {{ add_days('limits.last_order_date', lapsed_days) }}
        end as lapsed_on,
        limits.mean_gap_days,
        limits.personal_limit_days,
        limits.days_since_last_order >= limits.personal_limit_days as is_personally_lapsed,
        cast(
            case
                when limits.days_since_last_order > ceil(limits.personal_limit_days)
                    then limits.days_since_last_order - ceil(limits.personal_limit_days)
                when limits.personal_limit_days is not null then 0
            end as int
        ) as days_overdue,
        case
            when limits.days_since_last_order < {{ lapsed_days }} then null
            when limits.occasions = 1 then 'quick'
            else 'late'
        end as churn_type,
        {{ money('coalesce(stakes.value_at_stake, 0)') }} as value_at_stake

    from limits
    left join stakes on stakes.customer_key = limits.customer_key

)

select * from final
