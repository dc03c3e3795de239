-- one row per review, with its writer where known
with reviews as (

    select
        *,
        {{ customer_record_key('source_system', 'customer_id') }} as record_key,
        {{ hash_key(['source_system', 'order_id']) }} as order_key

    from {{ ref('reviews') }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

orders as (

    select * from {{ ref('int_order') }}

),

final as (

    select
        {{ hash_key(['reviews.source_system', 'reviews.review_id']) }} as review_key,
        case when reviews.customer_id is not null then identity.customer_key else orders.customer_key end as customer_key,
        reviews.source_system,
        reviews.review_id,
        orders.order_key,
        case
            when reviews.product_id is not null then {{ hash_key(['reviews.source_system', 'reviews.product_id']) }}
        end as product_key,
        reviews.rating,
        coalesce(reviews.has_text, false) as has_text,
        reviews.reviewed_at,
        {{ business_date('reviews.reviewed_at') }} as reviewed_date

    from reviews
    left join identity on identity.record_key = reviews.record_key
    left join orders on orders.order_key = reviews.order_key

)

select * from final
