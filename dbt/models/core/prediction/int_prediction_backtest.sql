-- one row per earlier date and customer with an occasion by then: what was known, how it is ranked simply, what came
{%- set shares = var('rfm_cut_quantiles') %}
with histories as (

    select
        *,
        {{ days_between('history_date', 'last_order_date') }} as days_since_last_order

    from {{ ref('int_purchase_history') }}
    where history_date < {{ as_of_date() }}

),

cuts as (

    select
        history_date,
        {{ quantile_cuts('days_since_last_order', shares, 'recency') }},
        {{ rfm_frequency_cuts('orders') }},
        {{ quantile_cuts('net_revenue', shares, 'monetary') }}

    from histories
    group by history_date

),

final as (

    select
        histories.as_of_date,
        histories.history_date,
        histories.customer_key,
        histories.repeat_occasions,
        histories.btyd_recency_days,
        histories.btyd_age_days,
        histories.value_occasions,
        histories.mean_occasion_value,
        histories.recent_repeat_occasions,
        histories.days_since_last_order,
        histories.net_revenue,
        cast(
            7
            - {{ cuts_below('histories.days_since_last_order', numbered_cuts('cuts.recency', shares)) }}
            + {{ cuts_below('histories.orders', numbered_cuts('cuts.frequency', shares)) }}
            + {{ cuts_below('histories.net_revenue', numbered_cuts('cuts.monetary', shares)) }} as int
        ) as rfm_sum,
        histories.next_occasions,
        histories.next_net_revenue

    from histories
    inner join cuts on cuts.history_date = histories.history_date

)

select * from final
