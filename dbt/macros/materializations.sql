{# Tables and views are made under their own name, in the transaction that drops what stood there, which DuckDB undoes
   whole where a model fails. dbt-duckdb makes them under another name, renames what stood there and the new one, and
   drops the old one in a second transaction: five statements and two commits where two and one do. It offers
   grants, indexes, comments and foreign keys besides; no model here has any. #}

{% materialization table, adapter='duckdb' %}
  {{ return(replaced(this.incorporate(type='table'), 'table')) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
  {{ return(replaced(this.incorporate(type='view'), 'view')) }}
{% endmaterialization %}

{% macro replaced(target, type) %}
  {%- set existing = load_cached_relation(this) -%}
  {{ run_hooks(pre_hooks) }}
  {% call statement('main') %}
    {%- if existing is not none %} drop {{ existing.type }} {{ existing }}; {% endif %}
    {%- if type == 'table' %}{{ create_table_as(False, target, sql) }}{% else %}{{ create_view_as(target, sql) }}{% endif %}
  {% endcall %}
  {{ run_hooks(post_hooks) }}
  {% do adapter.commit() %}
  {{ return({'relations': [target]}) }}
{% endmacro %}
