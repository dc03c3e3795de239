-- one row per month of first orders and month since: how many of those customers ordered in it, and for how much
with occasions as (

    select
        *,
        {{ month_number('order_date') }} as order_month,
        min(order_date) over (partition by customer_key) as first_order_date

    from {{ ref('int_customer_occasion') }}

),

cohorts as (

    select
        {{ month_number('first_order_date') }} as first_month,
        cast({{ dbt.date_trunc('month', 'min(first_order_date)') }} as date) as cohort_month,
        count(distinct customer_key) as customers

    from occasions
    group by {{ month_number('first_order_date') }}

),

months as (

    {{ numbers_below_1000() }}

),

active as (

    select
        {{ month_number('first_order_date') }} as first_month,
        order_month - {{ month_number('first_order_date') }} as months_since,
        count(distinct customer_key) as active_customers,
        sum(net_amount) as net_revenue

    from occasions
    group by {{ month_number('first_order_date') }}, order_month - {{ month_number('first_order_date') }}

),

-- the month of D is complete only where D is its last day
cells as (

    select
        cohorts.cohort_month,
        months.number as months_since,
        cohorts.customers,
        cohorts.first_month + months.number < {{ month_number(add_days(as_of_date(), 1)) }} as is_complete,
        coalesce(active.active_customers, 0) as active_customers,
        coalesce(active.net_revenue, 0) as net_revenue

    from cohorts
    inner join months on cohorts.first_month + months.number <= {{ month_number(as_of_date()) }}
    left join active
        on active.first_month = cohorts.first_month
        and active.months_since = months.number

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cohort_month,
        months_since,
        cast(customers as bigint) as customers,
        cast(case when is_complete then active_customers end as bigint) as active_customers,
        case when is_complete then {{ ratio('active_customers', 'customers') }} end as retention,
        cast(case when is_complete then net_revenue end as decimal(38, 4)) as net_revenue

    from cells

)

select * from final
