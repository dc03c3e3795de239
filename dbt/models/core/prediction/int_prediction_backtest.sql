-- one row per earlier date and customer with an occasion by then: what was known, a simple score, and what came
{%- set shares = var('rfm_cut_quantiles') %}
with histories as (

    select * from {{ ref('int_purchase_history') }} where history_date < {{ as_of_date() }}

),

daily as (

    select * from {{ ref('fct_customer_daily') }}
    where customer_key is not null and effective_date <= {{ as_of_date() }}

),

cuts as (

    select
        history_date,
        {{ quantile_cuts(days_between('history_date', 'last_order_date'), shares, 'recency') }},
        {{ rfm_frequency_cuts('orders') }},
        {{ quantile_cuts('net_revenue', shares, 'monetary') }}

    from histories
    group by history_date

),

next_days as (

    select
        histories.history_date,
        histories.customer_key,
        daily.order_date,
        sum(daily.orders) > 0 as is_occasion,
        sum(daily.net_amount) as net_amount

    from histories
    inner join daily
        on daily.customer_key = histories.customer_key
        and daily.order_date > histories.history_date
        and daily.order_date <= {{ add_days('histories.history_date', var('backtest_days')) }}
    group by histories.history_date, histories.customer_key, daily.order_date

),

outcomes as (

    select
        history_date,
        customer_key,
        sum(case when is_occasion then 1 else 0 end) as next_occasions,
        sum(case when is_occasion then net_amount else 0 end) as next_net_revenue

    from next_days
    group by history_date, customer_key

),

final as (

    select
        histories.history_date,
        histories.customer_key,
        histories.repeat_occasions,
        histories.btyd_recency_days,
        histories.btyd_age_days,
        histories.value_occasions,
        histories.mean_occasion_value,
        histories.recent_occasions,
        {{ days_between('histories.history_date', 'histories.last_order_date') }} as days_since_last_order,
        histories.net_revenue,
        cast(
            7
            - {{ cuts_below(
                days_between('histories.history_date', 'histories.last_order_date'),
                numbered_cuts('cuts.recency', shares)
            ) }}
            + {{ cuts_below('histories.orders', numbered_cuts('cuts.frequency', shares)) }}
            + {{ cuts_below('histories.net_revenue', numbered_cuts('cuts.monetary', shares)) }} as int
        ) as rfm_sum,
        cast(coalesce(outcomes.next_occasions, 0) as bigint) as next_occasions,
        cast(coalesce(outcomes.next_net_revenue, 0) as decimal(38, 4)) as next_net_revenue

    from histories
    inner join cuts on cuts.history_date = histories.history_date
    left join outcomes
        on outcomes.history_date = histories.history_date
        and outcomes.customer_key = histories.customer_key

)

select * from final
