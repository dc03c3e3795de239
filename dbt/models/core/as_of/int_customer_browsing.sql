-- one row per customer who was seen in the shop by the as-of date: visits, product views and searches
{%- set windows = var('browse_windows_days') %}
with events as (

    select
        *,
        {{ days_between(as_of_date(), 'occurred_date') }} as days_since

    from {{ ref('fct_browse_event') }}
    where customer_key is not null and occurred_date <= {{ as_of_date() }}

),

orders as (

    select
        customer_key,
        max(ordered_at) as last_ordered_at

    from {{ ref('int_order') }}
    where customer_key is not null and not never_posts and order_date <= {{ as_of_date() }}
    group by customer_key

),

carts as (

    select
        customer_key,
        max(started_at) as last_started_at

    from {{ ref('fct_checkout') }}
    where customer_key is not null and started_date <= {{ as_of_date() }}
    group by customer_key

),

product_views as (

    select
        customer_key,
        product_key,
        count(*) as views

    from events
    where event_type = 'product_view' and product_key is not null
    group by customer_key, product_key

),

most_viewed as (

    select
        customer_key,
        max(views) as most_views_of_a_product

    from product_views
    group by customer_key

),

searches as (

    select
        customer_key,
        search_term,
        row_number() over (
            partition by customer_key order by occurred_at desc nulls last, browse_event_key nulls last
        ) as place

    from events
    where event_type = 'search' and search_term is not null

),

counted as (

    select
        customer_key,
        count(distinct occurred_date) as visit_days,
        sum(case when event_type = 'product_view' then 1 else 0 end) as product_views,
        sum(case when event_type = 'search' then 1 else 0 end) as searches,
        {%- for days in windows %}
        sum(case when event_type = 'product_view' and days_since < {{ days }} then 1 else 0 end)
            as product_views_{{ days }}d,
        sum(case when event_type = 'search' and days_since < {{ days }} then 1 else 0 end) as searches_{{ days }}d,
        {%- endfor %}
        max(occurred_date) as last_visit_date,
        max(case when event_type = 'product_view' then occurred_at end) as last_product_view_at,
        max(case when event_type = 'search' then occurred_at end) as last_search_at

    from events
    group by customer_key

),

final as (

    select
        counted.customer_key,
        cast(counted.visit_days as bigint) as visit_days,
        cast(counted.product_views as bigint) as product_views,
        cast(counted.searches as bigint) as searches,
        {%- for days in windows %}
        cast(counted.product_views_{{ days }}d as bigint) as product_views_{{ days }}d,
        cast(counted.searches_{{ days }}d as bigint) as searches_{{ days }}d,
        {%- endfor %}
        cast(coalesce(most_viewed.most_views_of_a_product, 0) as bigint) as most_views_of_a_product,
        counted.last_visit_date,
        searches.search_term as last_search_term,
        {{ business_date('counted.last_product_view_at') }} as last_product_view_date,
        case
            when coalesce(counted.last_product_view_at > orders.last_ordered_at, true)
                and coalesce(counted.last_product_view_at > carts.last_started_at, true)
                then {{ business_date('counted.last_product_view_at') }}
        end as open_view_date,
        {{ business_date('counted.last_search_at') }} as last_search_date,
        case
            when coalesce(counted.last_search_at > orders.last_ordered_at, true)
                then {{ business_date('counted.last_search_at') }}
        end as open_search_date

    from counted
    left join most_viewed on most_viewed.customer_key = counted.customer_key
    left join searches
        on searches.customer_key = counted.customer_key
        and searches.place = 1
    left join orders on orders.customer_key = counted.customer_key
    left join carts on carts.customer_key = counted.customer_key

)

select * from final
