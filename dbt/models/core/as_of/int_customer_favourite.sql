-- one row per customer with a favourite on the as-of date: how many, and those whose stock is low
with favourites as (

    select distinct
        customer_key,
        product_key

    from {{ ref('fct_favourite') }}
    where
        customer_key is not null
        and added_date <= {{ as_of_date() }}
        and (removed_date is null or removed_date > {{ as_of_date() }})

),

products as (

    select
        *,
        is_active and stock_quantity between 1 and {{ var('low_stock_quantity') }} as is_low

    from {{ ref('dim_product') }}

),

counted as (

    select
        favourites.customer_key,
        cast(count(*) as bigint) as favourites,
        cast(sum(case when products.is_low then 1 else 0 end) as bigint) as low_stock_favourites

    from favourites
    left join products on products.product_key = favourites.product_key
    group by favourites.customer_key

),

low as (

    select
        favourites.customer_key,
        products.title,
        row_number() over (
            partition by favourites.customer_key
            order by products.stock_quantity nulls last, products.product_key nulls last
        ) as place

    from favourites
    inner join products on products.product_key = favourites.product_key
    where products.is_low and products.title is not null

),

final as (

    select
        counted.customer_key,
        counted.favourites,
        counted.low_stock_favourites,
        low.title as low_stock_favourite

    from counted
    left join low
        on low.customer_key = counted.customer_key
        and low.place = 1

)

select * from final
