-- one row per experiment, arm other than the control and segment: how it stands on the as-of date, and what came of it
with rows_of_python as (

    select * from {{ exchange('experiment_result') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
