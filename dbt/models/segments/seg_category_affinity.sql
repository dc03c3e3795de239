-- one row per customer and category they bought, on each level of the category tree: how much they lean to it
{%- set prior_lines = var('affinity_prior_lines') %}
with order_lines as (

    select * from {{ ref('int_order_line_as_of') }}

),

ancestors as (

    select * from {{ ref('int_category_ancestor') }}

),

categories as (

    select * from {{ ref('dim_category') }}

),

-- lines of one order in one category; old orders count less
order_categories as (

    select
        customer_key,
        order_key,
        category_key,
        {{ weight('count(*) * ' ~ decay(days_between(as_of_date(), 'order_date'), var('affinity_half_life_days'))) }}
            as decayed_lines

    from order_lines
    group by customer_key, order_key, order_date, category_key

),

customer_lines as (

    select
        customer_key,
        sum(decayed_lines) as decayed_lines

    from order_categories
    group by customer_key

),

customer_categories as (

    select
        order_categories.customer_key,
        ancestors.ancestor_key as category_key,
        count(distinct order_categories.order_key) as orders,
        sum(order_categories.decayed_lines) as decayed_lines

    from order_categories
    inner join ancestors on ancestors.category_key = order_categories.category_key
    group by order_categories.customer_key, ancestors.ancestor_key

),

shop_lines as (

    select sum(decayed_lines) as decayed_lines

    from customer_lines

),

shop_categories as (

    select
        customer_categories.category_key,
        {{ quotient('sum(customer_categories.decayed_lines)', 'max(shop_lines.decayed_lines)') }} as shop_share

    from customer_categories
    cross join shop_lines
    group by customer_categories.category_key

),

shared as (

    select
        customer_categories.customer_key,
        customer_categories.category_key,
        customer_categories.orders,
        customer_categories.decayed_lines,
        shop_categories.shop_share,
        {{ shrunk_share(
            'customer_categories.decayed_lines',
            'customer_lines.decayed_lines',
            'shop_categories.shop_share',
            prior_lines
        ) }} as share

    from customer_categories
    inner join customer_lines on customer_lines.customer_key = customer_categories.customer_key
    inner join shop_categories on shop_categories.category_key = customer_categories.category_key

),

compared as (

    select
        shared.customer_key,
        categories.level,
        shared.category_key,
        categories.source_system,
        categories.category_id,
        categories.name as category_name,
        shared.orders,
        shared.decayed_lines,
        {{ weight('shared.shop_share') }} as shop_share,
        {{ weight('shared.share') }} as share,
        {{ ratio('shared.share', 'shared.shop_share') }} as lift

    from shared
    inner join categories on categories.category_key = shared.category_key

),

-- few lean to a category so much that it may be their primary one
candidates as (

    select
        customer_key,
        category_key,
        row_number() over (
            partition by customer_key, level
            order by
                share desc nulls last,
                decayed_lines desc nulls last,
                category_id nulls last,
                source_system nulls last,
                category_key nulls last
        ) as place

    from compared
    where
        orders >= {{ var('affinity_primary_min_orders') }}
        and share >= {{ var('affinity_primary_min_share') }}
        and lift >= {{ var('affinity_primary_min_lift') }}

),

primary_categories as (

    select customer_key, category_key from candidates where place = 1

),

final as (

    select
        compared.customer_key,
        {{ as_of_date() }} as as_of_date,
        cast(compared.level as int) as level,
        compared.category_key,
        compared.source_system,
        compared.category_id,
        compared.category_name,
        cast(compared.orders as bigint) as orders,
        cast(compared.decayed_lines as decimal(38, 9)) as decayed_lines,
        compared.shop_share,
        compared.share,
        compared.lift,
        primary_categories.category_key is not null as is_primary

    from compared
    left join primary_categories
        on primary_categories.customer_key = compared.customer_key
        and primary_categories.category_key = compared.category_key

)

select * from final
