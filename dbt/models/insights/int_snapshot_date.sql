-- one row per snapshot date up to D, numbered from the first
with dates as (

    select distinct as_of_date from {{ snapshots() }} as snapshots where as_of_date <= {{ as_of_date() }}

),

final as (

    select
        as_of_date,
        cast(row_number() over (order by as_of_date nulls last) as int) as number,
        lead(as_of_date) over (order by as_of_date nulls last) as next_date

    from dates

)

select * from final
