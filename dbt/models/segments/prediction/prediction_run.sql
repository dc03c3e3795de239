-- one row per as-of date: the probability model as fitted for it, on how many customers, and why it may not be used
with rows_of_python as (

    select * from {{ exchange('prediction_run') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
