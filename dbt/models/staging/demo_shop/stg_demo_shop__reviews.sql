-- staging/demo_shop/stg_demo_shop__reviews.sql: one row per version of a review
with product_reviews as (

    select * from {{ raw('demo_shop', 'product_reviews') }}

),

final as (

    select
        cast(id as string) as review_id,
        cast(customer_id as string) as customer_id,
        cast(order_id as string) as order_id,
        cast(product_id as string) as product_id,
        stars as rating,
        {{ blank_to_null('body') }} is not null as has_text,
        {{ utc_timestamp('created_at') }} as reviewed_at,
        {{ utc_timestamp('updated_at') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from product_reviews

)

select * from final
