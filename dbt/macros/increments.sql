{#
  Tables that are brought up to date rather than built whole (`materialized: incremental`). Which of them this run brings
  up to date, and what became of their inputs since, is the var `increments`, which the Dagster project works out
  (dagster_project/transform/increments.py); without it every table is built whole.

    {model id: {input id: news}}, where the news of an input is one of
    changes    a table: its own increment left the rows that it removed and added in <table>__changes
    arrivals   a staging model: new raw files came, and each brings its own rows only
    anything   it may differ anywhere

  Two strategies, both of which write only what differs, and leave in <table>__changes the rows that they removed and
  added, each as it was or is:
    compared_rows  the model computes all of its rows, and they are compared with those that are there
    touched_rows   the model says by `touch` which keys may differ, computes `only_touched` rows, and these are compared;
                   where an input says `anything` it computes and compares all
#}

{% macro should_full_refresh() -%}
    {%- if model.config.materialized == 'incremental' -%}
        {{ return(flags.FULL_REFRESH or model.unique_id not in var('increments', {})) }}
    {%- endif -%}
    {{ return(dbt.should_full_refresh()) }}
{%- endmacro %}

{# What became of an input since this table was made: changes, arrivals, anything or, where nothing did, none. #}
{% macro news_of(relation) -%}
    {%- set id = 'model.' ~ project_name ~ '.' ~ relation.identifier -%}
    {{ return(var('increments', {}).get(model.unique_id, {}).get(id)) }}
{%- endmacro %}

{# The rows that the last increment of an input removed or added; none where nothing became of it. #}
{% macro changes(relation) -%}
    {%- if news_of(relation) == 'changes' -%}
        {{ changes_table(relation) }}
    {%- else -%}
        (select * from {{ relation }} where false)
    {%- endif -%}
{%- endmacro %}

{% macro changes_table(relation) -%}
    {{ relation.schema }}.{{ relation.identifier }}__changes
{%- endmacro %}

{# Whether only touched rows are computed. #}
{% macro is_narrowed() -%}
    {%- set news = var('increments', {}).get(model.unique_id) -%}
    {{ return(news is not none and is_incremental() and 'anything' not in news.values()) }}
{%- endmacro %}

{#
  The call block is a select of the keys whose rows may differ from those that are there. In a unit test, which builds
  the model whole and need not give what only it reads, it is left out.
#}
{% macro touch() -%}
    {%- set found = caller() if model.resource_type == 'model' -%}
    {%- if is_narrowed() -%}
        {%- call statement('touch') -%}
            create or replace temporary table {{ touched_keys() }} as
            select distinct
                {%- for key in config.get('unique_key') %}
                {{ key }} as touched_{{ key }}{{ ',' if not loop.last }}
                {%- endfor %}
            from ({{ found }})
        {%- endcall -%}
    {%- endif -%}
{%- endmacro %}

{% macro touched_keys() -%}{{ this.identifier }}__touched{%- endmacro %}

{#
  Joins a relation with that alias to the touched keys, so that only its touched rows are left. `values` gives columns of
  the key as SQL where the relation has no column of that name. A join and no `exists`: DuckDB answers that one from all
  rows of the relation at once wherever another condition stands beside it.
#}
{% macro only_touched(alias, values={}) -%}
    {%- if is_narrowed() -%}
    semi join {{ touched_keys() }} as touched
        on
        {%- for key in config.get('unique_key') %}
        {{ 'and ' if not loop.first }}touched.touched_{{ key }} is not distinct from {{ values.get(key, alias ~ '.' ~ key) }}
        {%- endfor %}
    {%- endif -%}
{%- endmacro %}

{% macro get_incremental_compared_rows_sql(arguments) -%}
    {{ write_differences(arguments) }}
{%- endmacro %}

{% macro get_incremental_touched_rows_sql(arguments) -%}
    {{ write_differences(arguments, only_touched('present')) }}
{%- endmacro %}

{# What differs between the table's rows, alias `present`, that `narrow` leaves, and those just computed. #}
{% macro write_differences(arguments, narrow='') -%}
    {%- set present, computed = arguments.target_relation, arguments.temp_relation -%}
    {%- set columns = arguments.dest_columns | map(attribute='name') | join(', ') -%}
    {%- set changed = changes_table(present) -%}
    {%- set same_key -%}
        {%- for key in arguments.unique_key %}
        {{ 'and ' if not loop.first }}changed.{{ key }} is not distinct from compared.{{ key }}
        {%- endfor %}
    {%- endset %}
    create or replace table {{ changed }} as
    with present as (select {{ columns }} from {{ present }} as present {{ narrow }}),
    computed as (select {{ columns }} from {{ computed }})
    (select * from present except all select * from computed)
    union all
    (select * from computed except all select * from present);

    {{ delete_matching(present ~ ' as compared', changed ~ ' as changed', same_key) }};

    insert into {{ present }} ({{ columns }})
    select {{ columns }} from {{ computed }} as compared
    semi join {{ changed }} as changed on {{ same_key }};
{%- endmacro %}
