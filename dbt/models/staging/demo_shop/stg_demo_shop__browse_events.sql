-- staging/demo_shop/stg_demo_shop__browse_events.sql: one row per version of something that a visitor did
with page_events as (

    select * from {{ raw('demo_shop', 'page_events') }}

),

final as (

    select
        cast(id as string) as event_id,
        cast(customer_id as string) as customer_id,
        {{ blank_to_null('email') }} as email,
        {{ blank_to_null('visitor_token') }} as visitor_id,
        case kind when 'product' then 'product_view' else kind end as event_type,
        {{ blank_to_null('query') }} as search_term,
        cast(product_id as string) as product_id,
        {{ utc_timestamp('occurred_at') }} as occurred_at,
        {{ blank_to_null('source') }} as channel,
        {{ blank_to_null('device') }} as device,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from page_events

)

select * from final
