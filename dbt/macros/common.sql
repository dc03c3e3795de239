{# Small portable helpers that every stage uses; what differs between engines stands in engine.sql. #}

{# Folder names are schema names, in every target. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}

{# The run's as-of date as a date literal. #}
{% macro as_of_date() -%}
    cast('{{ var("as_of_date", "1970-01-01") if not execute else var("as_of_date") }}' as date)
{%- endmacro %}

{#
  md5 of the parts as text; a NULL part differs from an empty one. Joined in one go: with || many parts are copied once
  for each of them.
#}
{% macro hash_key(parts) -%}
    md5(concat_ws('|'
        {%- for part in parts -%}
        , coalesce(cast({{ part }} as string), '~')
        {%- endfor -%}
    ))
{%- endmacro %}

{% macro money(value) %}cast({{ value }} as decimal(18, 4)){% endmacro %}

{#
  Money of a row in the shop's currency, rounded to four decimals; exact, since the factors fit 38 digits. Most rows are
  in it already, and 38 digits are slow to divide.
#}
{% macro in_shop_currency(amount, rate='exchange_rate') -%}
    case
        when {{ rate }} = 1 then cast({{ amount }} as decimal(18, 4))
        else cast(cast({{ amount }} as decimal(20, 4)) * cast({{ rate }} as decimal(16, 9)) as decimal(18, 4))
    end
{%- endmacro %}

{# The gross amount of a contract order line in its own currency. #}
{% macro line_gross_amount() -%}
    coalesce(gross_amount, cast(cast(quantity as decimal(18, 4)) * cast(unit_price as decimal(20, 4)) as decimal(18, 4)))
{%- endmacro %}

{#
  Shares, probabilities and weights that are compared or cut: rounded to nine decimals first. Wide where they are of money
  or the whole shop's and so may be of any size; a column of 38 digits is some hundred times as slow to read as one of 18.
#}
{% macro weight(value) %}cast(round({{ value }}, 9) as decimal(18, 9)){% endmacro %}
{% macro wide_weight(value) %}cast(round({{ value }}, 9) as decimal(38, 9)){% endmacro %}

{% macro median(value) %}{{ quantile(value, 0.5) }}{% endmacro %}

{# A count of a kind of fact: 0 where nothing was counted, NULL where the shop's data hold no such fact at all. #}
{% macro counted(value, fact) -%}
    case when available.has_{{ fact }} then coalesce({{ value }}, 0) end
{%- endmacro %}

{# The latest of several dates, leaving out those that are NULL, as both engines understand it. #}
{% macro latest(dates) -%}
    nullif(
        greatest(
            {%- for date in dates -%}
            coalesce({{ date }}, cast('0001-01-01' as date)) {{- ', ' if not loop.last }}
            {%- endfor -%}
        ),
        cast('0001-01-01' as date)
    )
{%- endmacro %}

{# Trimmed text; blank and the literal texts that exports write for "nothing" become NULL. #}
{% macro blank_to_null(value) -%}
    case
        when lower(trim(cast({{ value }} as string))) in ('', 'null', 'nan', 'none', 'n/a', 'false') then null
        else trim(cast({{ value }} as string))
    end
{%- endmacro %}

{# What Python hands to dbt: a Parquet file that an asset wrote between two stages. #}
{% macro exchange(name) -%}
    {%- do source('exchange', name) -%}
    {{ parquet(var('home', '') ~ '/exchange/' ~ name ~ '.parquet') }}
{%- endmacro %}

{# Each column that this model's YAML declares, cast to its type. #}
{% macro declared_columns() -%}
    {%- for column in model.columns.values() %}
        cast({{ column.name }} as {{ column.data_type }}) as {{ column.name }} {{- ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}

{#
  Per record the version of its attributes that was visible on the as-of date: the newest one landed by a run of
  that date or earlier; before the first such run the first version landed, marked is_backfilled.
#}
{% macro visible_versions(relation, key) -%}
    {%- set is_visible = 'landed_as_of <= ' ~ as_of_date() %}
    (
        select
            *,
            landed_as_of > {{ as_of_date() }} as is_backfilled
        from (
            select
                *,
                row_number() over (
                    partition by source_system, {{ key }}
                    order by
                        case when {{ is_visible }} then 0 else 1 end nulls last,
                        case when {{ is_visible }} then updated_at end desc nulls last,
                        case when {{ is_visible }} then loaded_at end desc nulls last,
                        loaded_at nulls last,
                        updated_at nulls last,
                        row_hash nulls last
                ) as visible_number
            from {{ relation }}
            where outcome <> 'quarantined'
        )
        where visible_number = 1 and not is_deleted
    )
{%- endmacro %}

{# The channels that consent is given for; each has its columns in the customer facts. #}
{% macro consent_channels() %}{{ return(['email', 'sms', 'push', 'ads', 'post']) }}{% endmacro %}
