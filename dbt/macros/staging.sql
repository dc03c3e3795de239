{# What staging models read with: raw tables, and the newest version of what they join. #}

{# The systems of a platform that have a table: all of them, but in the contract's shape those that list it. #}
{% macro systems_with(platform, table) -%}
    {%- set found = [] -%}
    {%- for system in var('systems', []) if system.platform == platform -%}
        {%- if platform != 'contract' or table in system.entities -%}{%- do found.append(system) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#
  All rows of one raw table over every system of a platform, with `source_system` and `_raw_table`
  ('<system>/<table>'). The dbt source of the same name gives the lineage.
#}
{% macro raw(platform, table) -%}
    {%- do source(platform, table) -%}
    (
    {%- for system in systems_with(platform, table) %}
        select
            *,
            '{{ system.name }}' as source_system,
            '{{ system.name }}/{{ table }}' as _raw_table
        from {{ parquet(var('home', '') ~ '/raw/' ~ system.name ~ '/' ~ table ~ '/*.parquet') }}
        {%- if not loop.last %} {{ union_all_by_name() }} {% endif -%}
    {%- endfor %}
    )
{%- endmacro %}

{#
  An entity from systems whose table of that name is in the contract's shape already: the contract casts what it finds.
  Where no system of that platform lists the table, there is no such model and the entity is empty.
#}
{% macro contract_shaped(entity) -%}
    {%- set is_used = var('systems', []) | selectattr('platform', 'equalto', 'contract') | list -%}
    {{- config(enabled=(systems_with('contract', entity) | length > 0 or not is_used), meta={'rows_of': entity}) -}}
    select * from {{ raw('contract', entity) }} as {{ entity }}
{%- endmacro %}

{# The newest version per key of a relation that staging joins: by updated_at, then load time, then content. #}
{% macro newest(relation, key, updated_at='_loaded_at') -%}
    (
        select *
        from (
            select
                *,
                row_number() over (
                    partition by source_system, {{ key | join(', ') }}
                    order by {{ updated_at }} desc nulls last, _loaded_at desc nulls last, {{ row_text('versions') }} nulls last
                ) as _version_number
            from {{ relation }} as versions
        )
        where _version_number = 1
    )
{%- endmacro %}

{#
  Which rows of a raw table are records that have a destination: all of them, unless the source's YAML says `records`
  (a condition on the row). The other rows are only joined, like those of a lookup table.
#}
{% macro record_condition(platform, table) -%}
    {%- set found = namespace(condition='true') -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == platform and node.name == table -%}
            {%- set found.condition = node.config.meta.get('records', 'true') -%}
        {%- endfor -%}
    {%- endif -%}
    {{ found.condition }}
{%- endmacro %}

{#
  The merchandise, without tax, in an amount refunded on a whole order: its share in what refunds by line leave of the
  order. Refunding all that is left so refunds exactly the merchandise that is left.
#}
{% macro merchandise_part(amount, merchandise_left, total_left) -%}
    round(
        cast({{ amount }} as double) * least(1, greatest(0, coalesce(
            cast({{ merchandise_left }} as double) / nullif(cast({{ total_left }} as double), 0), 0
        ))),
        2
    )
{%- endmacro %}

{#
  One category per product of a relation (source_system, product_id, category_id, parent_category_id) of all that it is
  in: the most specific, which is no parent of another one of them and not at the top; of several the lowest id.
#}
{% macro most_specific_category(relation) -%}
    (
        select
            source_system,
            product_id,
            category_id
        from (
            select
                assigned.source_system,
                assigned.product_id,
                assigned.category_id,
                row_number() over (
                    partition by assigned.source_system, assigned.product_id
                    order by
                        case when below.parent_category_id is null then 0 else 1 end nulls last,
                        case when assigned.parent_category_id is null then 1 else 0 end nulls last,
                        assigned.category_id nulls last
                ) as place
            from {{ relation }} as assigned
            left join (select distinct source_system, product_id, parent_category_id from {{ relation }}) as below
                on below.source_system = assigned.source_system
                and below.product_id = assigned.product_id
                and below.parent_category_id = assigned.category_id
        )
        where place = 1
    )
{%- endmacro %}

{#
  A table of attributes as text (meta_key, meta_value) as one row per owner, with those in `attributes`
  ({column: meta_key}) as columns. Attributes that the source deleted count where it has no other, so that those of a
  deleted owner stay known.
#}
{% macro attributes_by_owner(relation, id, owner, attributes) -%}
    {%- set keys = attributes.values() | join("', '") -%}
    {%- set wanted = '(select * from ' ~ relation ~ " where meta_key in ('" ~ keys ~ "'))" -%}
    (
        select
            source_system,
            {{ owner }},
            {%- for name, key in attributes.items() %}
            coalesce(
                max(case when meta_key = '{{ key }}' and not _is_deleted then meta_value end),
                max(case when meta_key = '{{ key }}' then meta_value end)
            ) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ newest(wanted, [id]) }}
        group by source_system, {{ owner }}
    )
{%- endmacro %}
