-- one row per category and source system, with its place in the tree
{%- set deepest = var('category_levels') %}
with categories as (

    select
        {{ hash_key(['source_system', 'category_id']) }} as category_key,
        source_system,
        category_id,
        name,
        case
            when parent_category_id is not null then {{ hash_key(['source_system', 'parent_category_id']) }}
        end as named_parent_key

    from {{ visible_versions(ref('categories_rows'), 'category_id') }}

),

linked as (

    select
        categories.*,
        parents.category_key as parent_category_key

    from categories
    left join categories as parents
        on parents.category_key = categories.named_parent_key
        and parents.category_key <> categories.category_key

),

level_1 as (

    select category_key, 1 as level from linked where parent_category_key is null

),

{% for level in range(2, deepest + 1) -%}
level_{{ level }} as (

    select linked.category_key, {{ level }} as level
    from linked
    inner join level_{{ level - 1 }} as above on above.category_key = linked.parent_category_key

),

{% endfor -%}
levels as (

    {% for level in range(1, deepest + 1) -%}
    select * from level_{{ level }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

final as (

    select
        linked.category_key,
        linked.source_system,
        linked.category_id,
        linked.name,
        linked.parent_category_key,
        cast(levels.level as int) as level

    from linked
    left join levels on levels.category_key = linked.category_key

)

select * from final
