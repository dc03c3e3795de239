-- one row per day from the first order to the as-of date, with the week, month, quarter and year that it is in
with first_day as (

    select coalesce(min(order_date), {{ as_of_date() }}) as date_day
    from {{ ref('fct_order') }}

),

numbers as (

    {{ numbers_below_1000() }}

),

days as (

    select
        {{ add_days('first_day.date_day', 'thousands.number * 1000 + numbers.number') }} as date_day

    from first_day
    inner join numbers as thousands
        on thousands.number <= {{ days_between(as_of_date(), 'first_day.date_day') }} / 1000
    cross join numbers

),

final as (

    select
        date_day,
        cast({{ dbt.date_trunc('week', 'date_day') }} as date) as week_start,
        cast({{ dbt.date_trunc('month', 'date_day') }} as date) as month_start,
        cast({{ dbt.date_trunc('quarter', 'date_day') }} as date) as quarter_start,
        cast(extract(year from date_day) as int) as year

    from days
    where date_day <= {{ as_of_date() }}

)

select * from final
