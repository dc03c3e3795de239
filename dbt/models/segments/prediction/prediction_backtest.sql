-- one row per earlier date, way of predicting, measure and decile: how predictions made then compare with what came
with rows_of_python as (

    select * from {{ exchange('prediction_backtest') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
