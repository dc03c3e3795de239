{#
  What the tests `unique` and `unique_combination` select. Only they belong here.
#}

{#-
  Values of the columns that several of the rows share. Long keys are grouped only where their hashes, which cost a
  fraction, are not unique.
-#}
{% macro repeated(rows, columns) -%}
{%- set values = columns | join(', ') -%}
with suspects as (

    select {{ hash64(columns) }} as hashed

    from {{ rows }}
    group by {{ hash64(columns) }}
    having count(*) > 1

)

select
    {{ values }},
    count(*) as row_count

from {{ rows }}
where {{ hash64(columns) }} in (select hashed from suspects)
group by {{ values }}
having count(*) > 1
{%- endmacro %}
