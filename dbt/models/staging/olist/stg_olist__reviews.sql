-- one row per raw row of order_reviews
with reviews as (

    select * from {{ raw('olist', 'order_reviews') }}

),

orders as (

    select * from {{ ref('int_olist__orders') }}

),

newest_orders as (

    select * from {{ newest('orders', ['order_id']) }}

),

reviewed as (

    select
        reviews.*,
        newest_orders.person_id,
        newest_orders.ordered_at

    from reviews
    left join newest_orders
        on newest_orders.source_system = reviews.source_system
        and newest_orders.order_id = reviews.order_id

),

final as (

    select
        review_id,
        person_id as customer_id,
        -- One answer about several orders of a person is one review, of the first of these orders.
        first_value(order_id) over (
            partition by source_system, review_id, person_id
            order by ordered_at nulls last, order_id nulls last
        ) as order_id,
        cast(review_score as int) as rating,
        {{ blank_to_null('review_comment_title') }} is not null
            or {{ blank_to_null("replace(replace(review_comment_message, chr(13), ' '), chr(10), ' ')") }} is not null
            as has_text,
        {{ local_to_utc('review_answer_timestamp', 'America/Sao_Paulo') }} as reviewed_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from reviewed

)

select * from final
