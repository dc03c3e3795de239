-- one row per customer known by the as-of date, prospects included
{%- set windows = var('fact_windows_days') %}
{%- set message_windows = var('message_windows_days') %}
{%- set browse_windows = var('browse_windows_days') %}
with customers as (

    select * from {{ ref('dim_customer') }}

),

revenue as (

    select * from {{ ref('int_customer_revenue') }}

),

rhythm as (

    select * from {{ ref('int_customer_rhythm') }}

),

order_traits as (

    select * from {{ ref('int_customer_order_trait') }}

),

checkouts as (

    select * from {{ ref('int_customer_checkout') }}

),

messages as (

    select * from {{ ref('int_customer_message') }}

),

consents as (

    select * from {{ ref('int_customer_consent') }}

),

browsing as (

    select * from {{ ref('int_customer_browsing') }}

),

favourites as (

    select * from {{ ref('int_customer_favourite') }}

),

voices as (

    select * from {{ ref('int_customer_voice') }}

),

deliveries as (

    select * from {{ ref('int_customer_delivery') }}

),

available as (

    select * from {{ ref('int_available_fact') }}

),

final as (

    select
        customers.customer_key,
        customers.as_of_date,
        customers.first_seen_date,
        coalesce(revenue.orders, 0) as orders,
        coalesce(rhythm.occasions, 0) as occasions,
        coalesce(revenue.units, 0) as units,
        coalesce(revenue.gross_revenue, 0) as gross_revenue,
        coalesce(revenue.discount_amount, 0) as discount_amount,
        coalesce(revenue.refund_amount, 0) as refund_amount,
        coalesce(revenue.net_revenue, 0) as net_revenue,
        case
            when revenue.orders > 0
                then {{ money('round(cast(revenue.net_revenue as double) / revenue.orders, 4)') }}
        end as average_order_value,
        rhythm.first_order_date,
        rhythm.last_order_date,
        {{ days_between('customers.as_of_date', 'rhythm.last_order_date') }} as days_since_last_order,
        {{ days_between('customers.as_of_date', 'rhythm.first_order_date') }} as tenure_days,
        {%- for days in windows %}
        coalesce(revenue.orders_{{ days }}d, 0) as orders_{{ days }}d,
        coalesce(rhythm.occasions_{{ days }}d, 0) as occasions_{{ days }}d,
        coalesce(revenue.units_{{ days }}d, 0) as units_{{ days }}d,
        coalesce(revenue.net_revenue_{{ days }}d, 0) as net_revenue_{{ days }}d,
        {%- endfor %}
        coalesce(revenue.discounted_orders, 0) as discounted_orders,
        case
            when revenue.orders > 0
                then {{ weight('cast(revenue.discounted_orders as double) / revenue.orders') }}
        end as discounted_order_share,
        case
            when revenue.gross_revenue - revenue.discount_amount > 0
                then {{ weight('cast(revenue.refund_amount as double) / cast(revenue.gross_revenue - revenue.discount_amount as double)') }}
        end as refund_rate,
        coalesce(rhythm.gap_count, 0) as gap_count,
        coalesce(rhythm.gap_days_sum, 0) as gap_days_sum,
        case
            when rhythm.gap_count > 0
                then {{ weight('cast(rhythm.gap_days_sum as double) / rhythm.gap_count') }}
        end as mean_gap_days,
        coalesce(order_traits.distinct_products, 0) as distinct_products,
        coalesce(order_traits.distinct_categories, 0) as distinct_categories,
        coalesce(order_traits.most_orders_of_a_product, 0) as most_orders_of_a_product,
        customers.country,
        customers.region,
        customers.city,
        customers.language,
        order_traits.currency,
        order_traits.first_channel,
        order_traits.last_channel,
        order_traits.first_device,
        order_traits.last_device,
        {{ counted('checkouts.carts_started', 'checkouts') }} as carts_started,
        {{ counted('checkouts.carts_abandoned', 'checkouts') }} as carts_abandoned,
        {{ counted('checkouts.open_carts', 'checkouts') }} as open_carts,
        checkouts.last_cart_date,
        checkouts.open_cart_date,
        {{ counted('browsing.visit_days', 'browse_events') }} as visit_days,
        {{ counted('browsing.product_views', 'browse_events') }} as product_views,
        {{ counted('browsing.searches', 'browse_events') }} as searches,
        {%- for days in browse_windows %}
        {{ counted('browsing.product_views_' ~ days ~ 'd', 'browse_events') }} as product_views_{{ days }}d,
        {{ counted('browsing.searches_' ~ days ~ 'd', 'browse_events') }} as searches_{{ days }}d,
        {%- endfor %}
        {{ counted('browsing.most_views_of_a_product', 'browse_events') }} as most_views_of_a_product,
        browsing.last_visit_date,
        browsing.open_view_date,
        browsing.open_search_date,
        browsing.last_search_term,
        {{ counted('favourites.favourites', 'favourites') }} as favourites,
        {{ counted('favourites.low_stock_favourites', 'favourites') }} as low_stock_favourites,
        favourites.low_stock_favourite,
        {{ counted('voices.reviews', 'reviews') }} as reviews,
        {{ counted('voices.written_reviews', 'reviews') }} as written_reviews,
        voices.average_rating,
        voices.last_review_date,
        deliveries.last_delivered_date,
        case
            when available.has_reviews and deliveries.customer_key is not null then deliveries.unreviewed_deliveries
        end as unreviewed_deliveries,
        voices.nps_score,
        voices.nps_date,
        voices.nps_class,
        {{ counted('voices.referrals', 'referrals') }} as referrals,
        {{ counted('voices.successful_referrals', 'referrals') }} as successful_referrals,
        {{ counted('voices.tickets', 'tickets') }} as tickets,
        {{ counted('voices.open_tickets', 'tickets') }} as open_tickets,
        {%- for days in message_windows %}
        {%- for kind in ['received', 'opened', 'clicked'] %}
        {{ counted('messages.messages_' ~ kind ~ '_' ~ days ~ 'd', 'messages') }} as messages_{{ kind }}_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        messages.last_click_date,
        {{ latest(['messages.last_click_date', 'browsing.last_visit_date', 'rhythm.last_order_date']) }} as last_engagement_date,
        coalesce(messages.has_bounced, false) as has_bounced,
        consents.email_consent,
        consents.sms_consent,
        consents.push_consent,
        consents.ads_consent,
        consents.post_consent

    from customers
    left join revenue on revenue.customer_key = customers.customer_key
    left join rhythm on rhythm.customer_key = customers.customer_key
    left join order_traits on order_traits.customer_key = customers.customer_key
    left join checkouts on checkouts.customer_key = customers.customer_key
    left join messages on messages.customer_key = customers.customer_key
    left join consents on consents.customer_key = customers.customer_key
    left join browsing on browsing.customer_key = customers.customer_key
    left join favourites on favourites.customer_key = customers.customer_key
    left join voices on voices.customer_key = customers.customer_key
    left join deliveries on deliveries.customer_key = customers.customer_key
    cross join available

)

select * from final
