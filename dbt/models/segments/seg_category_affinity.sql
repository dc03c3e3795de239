-- one row per customer and category they bought, on each level of the category tree: how much they lean to it
{%- set prior_lines = var('affinity_prior_lines') %}
with order_products as (

    select * from {{ ref('int_order_product') }}

),

customers as (

    select * from {{ ref('int_customer_number') }}

),

categories as (

    select * from {{ ref('dim_category') }}

),

category_numbers as (

    select distinct
        category_key,
        category_number

    from {{ ref('int_product_number') }}
    where category_number is not null

),

-- a category above others may have no product of its own: a number for each that is above one with products
ancestors as (

    select
        category_numbers.category_number,
        ancestors.ancestor_key,
        cast(dense_rank() over (order by ancestors.ancestor_key nulls last) as int) as ancestor_number

    from {{ ref('int_category_ancestor') }} as ancestors
    inner join category_numbers on category_numbers.category_key = ancestors.category_key

),

named as (

    select distinct
        ancestors.ancestor_number,
        categories.category_key,
        categories.level,
        categories.source_system,
        categories.category_id,
        categories.name

    from ancestors
    inner join categories on categories.category_key = ancestors.ancestor_key

),

-- lines of one order in one category; old orders count less
order_categories as (

    select
        customer_number,
        order_number,
        category_number,
        cast({{ weight(
            'sum(order_lines) * ' ~ decay(days_between(as_of_date(), 'order_date'), var('affinity_half_life_days'))
        ) }} as decimal(18, 9)) as decayed_lines

    from order_products
    group by customer_number, order_number, order_date, category_number

),

customer_lines as (

    select
        customer_number,
        sum(decayed_lines) as decayed_lines

    from order_categories
    group by customer_number

),

-- first by order, so that none is counted twice
order_ancestors as (

    select
        order_categories.customer_number,
        order_categories.order_number,
        ancestors.ancestor_number,
        sum(order_categories.decayed_lines) as decayed_lines

    from order_categories
    inner join ancestors on ancestors.category_number = order_categories.category_number
    group by order_categories.customer_number, order_categories.order_number, ancestors.ancestor_number

),

customer_categories as (

    select
        customer_number,
        ancestor_number,
        count(*) as orders,
        sum(decayed_lines) as decayed_lines

    from order_ancestors
    group by customer_number, ancestor_number

),

shop_lines as (

    select sum(decayed_lines) as decayed_lines

    from customer_lines

),

shop_categories as (

    select
        customer_categories.ancestor_number,
        {{ quotient('sum(customer_categories.decayed_lines)', 'max(shop_lines.decayed_lines)') }} as shop_share

    from customer_categories
    cross join shop_lines
    group by customer_categories.ancestor_number

),

shared as (

    select
        customer_categories.customer_number,
        customer_categories.ancestor_number,
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
    inner join customer_lines on customer_lines.customer_number = customer_categories.customer_number
    inner join shop_categories on shop_categories.ancestor_number = customer_categories.ancestor_number

),

compared as (

    select
        customer_number,
        ancestor_number,
        orders,
        decayed_lines,
        {{ weight('shop_share') }} as shop_share,
        {{ weight('share') }} as share,
        {{ ratio('share', 'shop_share') }} as lift

    from shared

),

-- few lean to a category so much that it may be their primary one
candidates as (

    select
        compared.customer_number,
        compared.ancestor_number,
        row_number() over (
            partition by compared.customer_number, named.level
            order by
                compared.share desc nulls last,
                compared.decayed_lines desc nulls last,
                named.category_id nulls last,
                named.source_system nulls last,
                named.category_key nulls last
        ) as place

    from compared
    inner join named on named.ancestor_number = compared.ancestor_number
    where
        compared.orders >= {{ var('affinity_primary_min_orders') }}
        and compared.share >= {{ var('affinity_primary_min_share') }}
        and compared.lift >= {{ var('affinity_primary_min_lift') }}

),

primary_categories as (

    select customer_number, ancestor_number from candidates where place = 1

),

final as (

    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        cast(named.level as int) as level,
        named.category_key,
        named.source_system,
        named.category_id,
        named.name as category_name,
        cast(compared.orders as bigint) as orders,
        cast(compared.decayed_lines as decimal(18, 9)) as decayed_lines,
        compared.shop_share,
        compared.share,
        compared.lift,
        primary_categories.ancestor_number is not null as is_primary

    from compared
    inner join customers on customers.customer_number = compared.customer_number
    inner join named on named.ancestor_number = compared.ancestor_number
    left join primary_categories
        on primary_categories.customer_number = compared.customer_number
        and primary_categories.ancestor_number = compared.ancestor_number

)

select * from final
