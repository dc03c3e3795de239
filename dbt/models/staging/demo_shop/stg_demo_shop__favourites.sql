-- staging/demo_shop/stg_demo_shop__favourites.sql: one row per version of a product on a wish list
with wishlist_items as (

    select * from {{ raw('demo_shop', 'wishlist_items') }}

),

final as (

    select
        cast(customer_id as string) as customer_id,
        cast(product_id as string) as product_id,
        {{ utc_timestamp('added_at') }} as added_at,
        {{ utc_timestamp('removed_at') }} as removed_at,
        {{ utc_timestamp('updated_at') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from wishlist_items

)

select * from final
