-- one row per date (D and the earlier ones of the backtest) and customer with an occasion by then: what the model reads
with dates as (

    {% for number in range(var('backtest_dates') + 1) -%}
    select {{ add_days(as_of_date(), -number * var('backtest_days')) }} as history_date
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

daily as (

    select * from {{ ref('fct_customer_daily') }} where customer_key is not null

),

days as (

    select
        dates.history_date,
        daily.customer_key,
        daily.order_date,
        sum(daily.orders) as orders,
        sum(daily.net_amount) as net_amount,
        sum(daily.orders) > 0 as is_occasion

    from dates
    inner join daily
        on daily.order_date <= dates.history_date
        and daily.effective_date <= dates.history_date
    group by dates.history_date, daily.customer_key, daily.order_date

),

histories as (

    select
        history_date,
        customer_key,
        sum(orders) as orders,
        sum(net_amount) as net_revenue,
        sum(case when is_occasion then 1 else 0 end) as occasions,
        min(case when is_occasion then order_date end) as first_order_date,
        max(case when is_occasion then order_date end) as last_order_date,
        sum(
            case
                when is_occasion and {{ days_between('history_date', 'order_date') }} < {{ var('backtest_days') }} then 1
                else 0
            end
        ) as recent_occasions,
        sum(case when is_occasion and net_amount > 0 then 1 else 0 end) as value_occasions,
        sum(case when is_occasion and net_amount > 0 then net_amount else 0 end) as occasion_value

    from days
    group by history_date, customer_key

),

final as (

    select
        history_date,
        customer_key,
        cast(orders as bigint) as orders,
        cast(net_revenue as decimal(38, 4)) as net_revenue,
        first_order_date,
        last_order_date,
        cast(recent_occasions as bigint) as recent_occasions,
        cast(occasions - 1 as bigint) as repeat_occasions,
        {{ days_between('last_order_date', 'first_order_date') }} as btyd_recency_days,
        {{ days_between('history_date', 'first_order_date') }} as btyd_age_days,
        cast(value_occasions as bigint) as value_occasions,
        {{ ratio('occasion_value', 'value_occasions') }} as mean_occasion_value

    from histories
    where occasions > 0

)

select * from final
