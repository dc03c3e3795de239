-- one row per snapshot date up to D and key in it that is no longer anybody's own: whose it is, and whether it counts
with snapshots as {{ not_materialized() }} (

    select * from {{ snapshots() }} where as_of_date <= {{ as_of_date() }}

),

redirects as (

    select * from {{ ref('int_customer_redirect') }}

),

former_rows as (

    select
        snapshots.as_of_date,
        redirects.former_key,
        redirects.customer_key

    from snapshots
    inner join redirects on redirects.former_key = snapshots.customer_key

),

own_rows as (

    select
        snapshots.as_of_date,
        snapshots.customer_key

    from snapshots
    semi join former_rows
        on former_rows.customer_key = snapshots.customer_key
        and former_rows.as_of_date = snapshots.as_of_date

),

placed as (

    select
        *,
        row_number() over (partition by customer_key, as_of_date order by former_key nulls last) as place

    from former_rows

),

-- the row of the key that stayed wins, else that of the first key
final as (

    select
        placed.as_of_date,
        placed.former_key,
        placed.customer_key,
        own_rows.customer_key is null and placed.place = 1 as is_counted

    from placed
    left join own_rows
        on own_rows.customer_key = placed.customer_key
        and own_rows.as_of_date = placed.as_of_date

)

select * from final
