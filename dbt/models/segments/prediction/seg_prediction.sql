-- one row per customer with an occasion: whether they are still customers, what they will order and what that is worth
{%- set tiers = var('value_tiers') %}
{%- set tier_value = 'expected_value_' ~ var('predicted_value_days') ~ 'd' %}
with histories as (

    select * from {{ ref('int_purchase_history') }} where history_date = {{ as_of_date() }}

),

expected_orders as (

    select * from {{ ref('int_expected_orders') }}

),

-- a model that is refused predicts nothing
model as (

    select
        orders_refusal,
        value_refusal,
        case when orders_refusal is null then process end as process,
        case when orders_refusal is null then r end as r,
        case when orders_refusal is null then alpha end as alpha,
        case when orders_refusal is null then a end as a,
        case when orders_refusal is null then b end as b,
        case when value_refusal is null then p end as p,
        case when value_refusal is null then q end as q,
        case when value_refusal is null then v end as v

    from {{ ref('prediction_run') }}

),

alive as (

    select
        histories.customer_key,
        histories.repeat_occasions,
        histories.btyd_recency_days,
        histories.btyd_age_days,
        histories.value_occasions,
        histories.mean_occasion_value,
        model.r,
        model.alpha,
        model.p,
        model.q,
        model.v,
        model.orders_refusal,
        model.value_refusal,
        {{ probability_alive() }} as probability_alive

    from histories
    cross join model

),

scored as (

    select
        *,
        {{ probability_of_order('probability_alive', var('churn_days')) }} as probability_of_order,
        {{ days_until_next_order('probability_alive', var('next_order_max_days')) }} as days_until_next_order,
        {{ expected_occasion_value() }} as expected_occasion_value

    from alive

),

valued as (

    select
        scored.customer_key,
        scored.repeat_occasions,
        scored.btyd_recency_days,
        scored.btyd_age_days,
        {{ weight('scored.probability_alive') }} as probability_alive,
        {{ weight('scored.probability_of_order') }} as probability_of_order,
        {{ weight('1 - scored.probability_of_order') }} as churn_risk,
        scored.days_until_next_order,
        {{ money('scored.expected_occasion_value') }} as expected_occasion_value,
        {%- for days in var('prediction_windows_days') %}
        {{ weight('expected_orders.expected_orders_' ~ days ~ 'd') }} as expected_orders_{{ days }}d,
        {{ money('scored.expected_occasion_value * expected_orders.expected_orders_' ~ days ~ 'd') }}
            as expected_value_{{ days }}d,
        {%- endfor %}
        scored.orders_refusal,
        scored.value_refusal

    from scored
    left join expected_orders
        on expected_orders.repeat_occasions = scored.repeat_occasions
        and expected_orders.btyd_recency_days = scored.btyd_recency_days
        and expected_orders.btyd_age_days = scored.btyd_age_days

),

cuts as (

    select
        {{ quantile_cuts(tier_value, tiers | map(attribute='quantile') | list, 'value') }}

    from valued

),

final as (

    select
        valued.customer_key,
        {{ as_of_date() }} as as_of_date,
        valued.repeat_occasions,
        valued.btyd_recency_days,
        valued.btyd_age_days,
        valued.probability_alive,
        valued.probability_of_order,
        valued.churn_risk,
        case
            {%- for band in var('churn_risk_bands') %}
            when valued.churn_risk < {{ band.below }} then '{{ band.name }}'
            {%- endfor %}
            when valued.churn_risk is not null then '{{ var("churn_risk_rest") }}'
        end as churn_risk_band,
        {%- for days in var('prediction_windows_days') %}
        valued.expected_orders_{{ days }}d,
        {%- endfor %}
        valued.expected_occasion_value,
        {%- for days in var('prediction_windows_days') %}
        valued.expected_value_{{ days }}d,
        {%- endfor %}
        valued.days_until_next_order,
        {{ add_days(as_of_date(), 'valued.days_until_next_order') }} as next_order_date,
        case
            when valued.{{ tier_value }} is not null
                then {{ value_tier_name(
                    (tiers | length + 1) ~ ' - ' ~ cuts_below('valued.' ~ tier_value, numbered_cuts('cuts.value', tiers))
                ) }}
        end as predicted_value_tier,
        valued.orders_refusal,
        valued.value_refusal

    from valued
    cross join cuts

)

select * from final
