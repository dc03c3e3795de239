{# Reading the snapshots: one Parquet file a date with the rows of customer_segments as of it. #}

{# Rows of all snapshots, columns united by name. #}
{% macro snapshots() -%}
    {%- do source('published', 'snapshot') -%}
    {{ parquet(var('home', '') ~ '/snapshots/as_of_date=*.parquet') }}
{%- endmacro %}

{#
  Rows of the snapshots up to D as of the customers known today; `values` has names and expressions of a snapshot's columns.
  Neither a window nor an aggregate, so that who asks for some dates reads the files of these dates only.
#}
{% macro customers_of_snapshots(values) -%}
with snapshots as (

    select
        customer_key,
        as_of_date
        {%- for name, expression in values.items() %},
        {{ expression }} as {{ name }}
        {%- endfor %}

    from {{ snapshots() }}
    where as_of_date <= {{ as_of_date() }}

),

redirects as (

    select * from {{ ref('int_snapshot_redirect') }}

),

final as (

    select
        coalesce(redirects.customer_key, snapshots.customer_key) as customer_key,
        snapshots.as_of_date
        {%- for name in values %},
        snapshots.{{ name }}
        {%- endfor %}

    from snapshots
    left join redirects
        on redirects.former_key = snapshots.customer_key
        and redirects.as_of_date = snapshots.as_of_date
    where coalesce(redirects.is_counted, true)

)

select * from final
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
