{#
  Everything whose SQL differs between engines, each a dispatched macro: the only place where a model may meet
  an engine's own functions. Business rules do not belong here.
#}

{# Rows of Parquet files: `pattern` is a path with a glob; columns are united by name. #}
{% macro parquet(pattern) %}{{ return(adapter.dispatch('parquet')(pattern)) }}{% endmacro %}
{% macro duckdb__parquet(pattern) -%}
    read_parquet('{{ pattern | replace("'", "''") }}', union_by_name = true, hive_partitioning = false)
{%- endmacro %}

{# Between two selects whose columns may differ or stand in another order. #}
{% macro union_all_by_name() %}{{ return(adapter.dispatch('union_all_by_name')()) }}{% endmacro %}
{% macro duckdb__union_all_by_name() %}union all by name{% endmacro %}

{# Deletes the rows of a table that match one of `rows` by the condition; both are relations with their aliases. #}
{% macro delete_matching(table, rows, condition) -%}
    {{ return(adapter.dispatch('delete_matching')(table, rows, condition)) }}
{%- endmacro %}
{% macro duckdb__delete_matching(table, rows, condition) -%}
    delete from {{ table }} where exists (select 1 from {{ rows }} where {{ condition }})
{%- endmacro %}

{#
  Before the parenthesis of a CTE that several others read: each is to read what it needs anew, as that costs less than
  to keep all of its rows.
#}
{% macro not_materialized() %}{{ return(adapter.dispatch('not_materialized')()) }}{% endmacro %}
{% macro duckdb__not_materialized() %}not materialized{% endmacro %}

{# A number for the values of the columns, NULL being one: equal values have the same, and few others do. #}
{% macro hash64(columns) %}{{ return(adapter.dispatch('hash64')(columns)) }}{% endmacro %}
{% macro duckdb__hash64(columns) %}hash({{ columns | join(', ') }}){% endmacro %}

{# A whole row of the relation with that alias as one text: a total order where nothing better breaks a tie. #}
{% macro row_text(alias) %}{{ return(adapter.dispatch('row_text')(alias)) }}{% endmacro %}
{% macro duckdb__row_text(alias) %}cast({{ alias }} as varchar){% endmacro %}

{# Text or timestamp to a UTC timestamp without zone; NULL where it cannot be read. Text without an offset is UTC. #}
{% macro utc_timestamp(value) %}{{ return(adapter.dispatch('utc_timestamp')(value)) }}{% endmacro %}
{% macro duckdb__utc_timestamp(value) %}timezone('UTC', try_cast({{ value }} as timestamptz)){% endmacro %}

{# A naive local time of a zone (IANA name) to UTC. #}
{% macro local_to_utc(value, time_zone) %}{{ return(adapter.dispatch('local_to_utc')(value, time_zone)) }}{% endmacro %}
{% macro duckdb__local_to_utc(value, time_zone) -%}
    timezone('UTC', timezone('{{ time_zone }}', cast({{ value }} as timestamp)))
{%- endmacro %}

{# Text to a naive time, by the first of several strptime formats that fits; NULL where none does. #}
{% macro parsed_time(value, formats) %}{{ return(adapter.dispatch('parsed_time')(value, formats)) }}{% endmacro %}
{% macro duckdb__parsed_time(value, formats) %}try_strptime({{ value }}, ['{{ formats | join("', '") }}']){% endmacro %}

{#
  Text to a number, as people write it: `decimal` is what fractions begin with (, or .), the other one, spaces and
  apostrophes group digits; NULL where it is no number.
#}
{% macro parsed_number(value, decimal=',') %}{{ return(adapter.dispatch('parsed_number')(value, decimal)) }}{% endmacro %}

{% macro duckdb__parsed_number(value, decimal) -%}
    {%- set groups = '.' if decimal == ',' else ',' -%}
    try_cast(
        replace(regexp_replace({{ value }}, '[\s\x{00A0}''{{ groups }}]', '', 'g'), '{{ decimal }}', '.') as decimal(38, 9)
    )
{%- endmacro %}

{# The business day of a UTC timestamp: the calendar day in the shop's time zone. #}
{% macro business_date(value) %}{{ return(adapter.dispatch('business_date')(value)) }}{% endmacro %}
{% macro duckdb__business_date(value) -%}
    cast(timezone('{{ var("shop_time_zone", "UTC") }}', timezone('UTC', {{ value }})) as date)
{%- endmacro %}

{# Whole days from `earlier` to `later`, both dates. #}
{% macro days_between(later, earlier) %}{{ return(adapter.dispatch('days_between')(later, earlier)) }}{% endmacro %}
{% macro duckdb__days_between(later, earlier) %}cast(date_diff('day', {{ earlier }}, {{ later }}) as int){% endmacro %}

{# A date, `days` later. #}
{% macro add_days(date, days) %}{{ return(adapter.dispatch('add_days')(date, days)) }}{% endmacro %}
{% macro duckdb__add_days(date, days) %}cast({{ date }} + to_days(cast({{ days }} as int)) as date){% endmacro %}

{# A timestamp, `days` later. #}
{% macro timestamp_add_days(value, days) %}{{ return(adapter.dispatch('timestamp_add_days')(value, days)) }}{% endmacro %}
{% macro duckdb__timestamp_add_days(value, days) %}({{ value }} + to_days(cast({{ days }} as int))){% endmacro %}

{# A timestamp, `minutes` later. #}
{% macro timestamp_add_minutes(value, minutes) -%}
    {{ return(adapter.dispatch('timestamp_add_minutes')(value, minutes)) }}
{%- endmacro %}
{% macro duckdb__timestamp_add_minutes(value, minutes) %}({{ value }} + to_minutes(cast({{ minutes }} as int))){% endmacro %}

{# Text at a path (a.b.c) of a JSON text; NULL where absent. #}
{% macro json_text(column, path) %}{{ return(adapter.dispatch('json_text')(column, path)) }}{% endmacro %}
{% macro duckdb__json_text(column, path) %}json_extract_string({{ column }}, '$.{{ path }}'){% endmacro %}

{# Sum of a number that the objects of a JSON array hold, as double; 0 for an empty array. #}
{% macro json_sum(column, name) %}{{ return(adapter.dispatch('json_sum')(column, name)) }}{% endmacro %}
{% macro duckdb__json_sum(column, name) -%}
    coalesce(list_sum(cast(json_extract({{ column }}, '$[*].{{ name }}') as double[])), 0)
{%- endmacro %}

{# Aggregate: the linear-interpolated quantile (Hyndman-Fan type 7) of a number, as double. #}
{% macro quantile(value, share) %}{{ return(adapter.dispatch('quantile')(value, share)) }}{% endmacro %}
{% macro duckdb__quantile(value, share) %}quantile_cont(cast({{ value }} as double), {{ share }}){% endmacro %}

{#
  Window function: the first or last (`end`) non-NULL value of a partition in the order of `order_by`, which must be a total
  order, on each of its rows. A window can be spilled to the disk where an aggregate of texts ran out of memory.
#}
{% macro known_value(end, value, partition_by, order_by) -%}
    {{ return(adapter.dispatch('known_value')(end, value, partition_by, order_by)) }}
{%- endmacro %}
{% macro duckdb__known_value(end, value, partition_by, order_by) -%}
    {{ end }}_value({{ value }} ignore nulls) over (
        partition by {{ partition_by }} order by {{ order_by }} rows between unbounded preceding and unbounded following
    )
{%- endmacro %}
