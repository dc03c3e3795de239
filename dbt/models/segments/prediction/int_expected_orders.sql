-- one row per history of a customer as of D, with the orders that the model expects of whoever has it
with rows_of_python as (

    select * from {{ exchange('prediction_expected_orders') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
