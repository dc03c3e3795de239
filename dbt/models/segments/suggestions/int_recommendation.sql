-- one row per customer, kind and product recommended to them, as numbers
with rows_of_python as (

    select * from {{ exchange('recommendation') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
