{# Reading the snapshots: one Parquet file a date with the rows of customer_segments as of it. #}

{# Rows of all snapshots, columns united by name. #}
{% macro snapshots() -%}
    {%- do source('published', 'snapshot') -%}
    {{ parquet(var('home', '') ~ '/snapshots/as_of_date=*.parquet') }}
{%- endmacro %}

{# Rows of one column `segment`: the names given. #}
{% macro names_as_rows(names) -%}
    {%- for name in names %}
    select '{{ name }}' as segment
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{# What a customer's row says of the label or segment that `name` holds: the label, 'in', or NULL. #}
{% macro value_of_name(name, alias, labels, segments) -%}
    case {{ name }}
        {%- for label in labels %}
        when '{{ label }}' then {{ alias }}.{{ label }}
        {%- endfor %}
        {%- for segment in segments %}
        when '{{ segment }}' then case when {{ alias }}.{{ segment }} then 'in' end
        {%- endfor %}
    end
{%- endmacro %}
