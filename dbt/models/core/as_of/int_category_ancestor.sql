-- one row per category and each category above it, itself included
{%- set deepest = var('category_levels') %}
with categories as (

    select * from {{ ref('dim_category') }}

),

step_0 as (

    select category_key, category_key as ancestor_key, parent_category_key as next_key from categories

),

{% for step in range(1, deepest) -%}
step_{{ step }} as (

    select
        below.category_key,
        categories.category_key as ancestor_key,
        categories.parent_category_key as next_key
    from step_{{ step - 1 }} as below
    inner join categories on categories.category_key = below.next_key

),

{% endfor -%}
pairs as (

    {% for step in range(0, deepest) -%}
    select category_key, ancestor_key from step_{{ step }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

final as (

    select
        pairs.category_key,
        pairs.ancestor_key,
        categories.level

    from pairs
    inner join categories on categories.category_key = pairs.ancestor_key
    where categories.level is not null

)

select * from final
