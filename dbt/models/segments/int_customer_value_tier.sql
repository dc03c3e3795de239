-- one row per customer with an order: the value tier, which remembers the tier of some days ago
{%- set days = var('value_tier_days') %}
{%- set memory_days = var('value_tier_memory_days') %}
{%- set tiers = var('value_tiers') %}
with daily as (

    select *
    from {{ ref('fct_customer_daily') }}
    where
        customer_key is not null
        and order_date <= {{ as_of_date() }}
        and effective_date <= {{ as_of_date() }}

),

revenue as (

    select
        customer_key,
        sum(
            case when order_date > {{ add_days(as_of_date(), -days) }} then net_amount else 0 end
        ) as net_revenue,
        sum(
            case
                when
                    order_date > {{ add_days(as_of_date(), -memory_days - days) }}
                    and order_date <= {{ add_days(as_of_date(), -memory_days) }}
                    and effective_date <= {{ add_days(as_of_date(), -memory_days) }}
                    then net_amount
                else 0
            end
        ) as prior_net_revenue

    from daily
    group by customer_key

),

-- a quantile ignores NULLs: only customers with revenue are ranked
cuts as (

    select
        {%- for tier in tiers %}
        {{ wide_weight(quantile('case when net_revenue > 0 then net_revenue end', tier.quantile)) }} as cut_{{ loop.index }},
        {{ wide_weight(quantile('case when prior_net_revenue > 0 then prior_net_revenue end', tier.quantile)) }}
            as prior_cut_{{ loop.index }} {{- ',' if not loop.last }}
        {%- endfor %}

    from revenue

),

-- 1 is the best tier; NULL without revenue
ranked as (

    select
        revenue.customer_key,
        revenue.net_revenue,
        case
            {%- for tier in tiers %}
            when revenue.net_revenue > 0 and revenue.net_revenue > cuts.cut_{{ loop.index }} then {{ loop.index }}
            {%- endfor %}
            when revenue.net_revenue > 0 then {{ tiers | length + 1 }}
        end as raw_rank,
        case
            {%- for tier in tiers %}
            when revenue.prior_net_revenue > 0 and revenue.prior_net_revenue > cuts.prior_cut_{{ loop.index }}
                then {{ loop.index }}
            {%- endfor %}
            when revenue.prior_net_revenue > 0 then {{ tiers | length + 1 }}
        end as prior_raw_rank

    from revenue
    cross join cuts

),

remembered as (

    select
        customer_key,
        net_revenue,
        raw_rank,
        prior_raw_rank,
        case
            when raw_rank is null or prior_raw_rank < raw_rank then prior_raw_rank
            else raw_rank
        end as best_rank

    from ranked

),

final as (

    select
        customer_key,
        {{ money('net_revenue') }} as value_tier_revenue,
        {{ value_tier_name('best_rank') }} as value_tier,
        {{ value_tier_name('raw_rank') }} as raw_value_tier,
        {{ value_tier_name('prior_raw_rank') }} as prior_raw_value_tier,
        case best_rank
            {%- for tier in tiers %}
            when {{ loop.index }} then {{ 'true' if tier.is_vip else 'false' }}
            {%- endfor %}
            else false
        end as is_vip

    from remembered

)

select * from final
