{# What staging models read with: raw tables, and the newest version of what they join. #}

{#
  All rows of one raw table over every system of a platform, with `source_system` and `_raw_table`
  ('<system>/<table>'). The dbt source of the same name gives the lineage.
#}
{% macro raw(platform, table) -%}
    {%- do source(platform, table) -%}
    (
    {%- for system in var('systems', []) if system.platform == platform %}
        select
            *,
            '{{ system.name }}' as source_system,
            '{{ system.name }}/{{ table }}' as _raw_table
        from {{ parquet(var('home', '') ~ '/raw/' ~ system.name ~ '/' ~ table ~ '/*.parquet') }}
        {%- if not loop.last %} {{ union_all_by_name() }} {% endif -%}
    {%- endfor %}
    )
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
