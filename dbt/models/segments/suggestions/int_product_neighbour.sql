-- one row per product and one of the products that its buyers buy most alike, by cosine over customers
with rows_of_python as (

    select * from {{ exchange('product_neighbour') }}

),

final as (

    select
        {{ declared_columns() }}

    from rows_of_python

)

select * from final
