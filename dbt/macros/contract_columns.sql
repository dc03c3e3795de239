{#
  How a staging model's columns become the contract's, and which of its records may be others than the contract has.
  What becomes of the rows stands in contract.sql.
#}

{#
  A contract column of a staging model that has the columns `provided`, cast to its type: NULL where it is not among
  them, is withheld or is a date that nobody can mean.
#}
{% macro contract_value(column, provided, faults) -%}
    {%- set said = 'cast(' ~ column.name ~ ' as ' ~ column.data_type ~ ')' -%}
    {%- if column.name not in provided -%}
        cast(null as {{ column.data_type }})
    {%- elif column.name in faults | map(attribute='withholds') -%}
        case
            {%- for fault in faults if fault.withholds == column.name %}
            when {{ fault.condition }} then null
            {%- endfor %}
            else {{ said }}
        end
    {%- elif column.meta.earliest -%}
        case when {{ said }} >= cast('{{ column.meta.earliest }}' as date) then {{ said }} end
    {%- else -%}
        {{ said }}
    {%- endif -%}
{%- endmacro %}

{#
  One staging model as contract columns. A row with `_is_deleted` is what landing wrote when the source no longer had the
  record: deleted, as of then.
#}
{% macro contract_select(relation, provided, entity, columns, faults) -%}
    {%- set unless_said = {'updated_at': '_loaded_at', 'is_deleted': 'false'} -%}
    {%- set deletions = {'updated_at': '_loaded_at', 'is_deleted': 'true'} -%}
    {%- set keys = {} -%}
    {%- for column in columns if column.name in config.get('unique_key') -%}
        {%- do keys.update({column.name: contract_value(column, provided, faults)}) -%}
    {%- endfor -%}
    select
    {%- for column in columns %}
        {%- if column.meta.required and column.name not in provided -%}
            {%- do exceptions.raise_compiler_error(
                relation.identifier ~ ' lacks the column ' ~ column.name ~ ', which every row of ' ~ entity
                ~ ' must have: map it there (models/contract/_' ~ entity ~ '.yml says what it means).'
            ) -%}
        {%- endif -%}
        {%- set value = contract_value(column, provided, faults) -%}
        {%- if column.name in unless_said -%}
            {%- set value = 'coalesce(' ~ value ~ ', ' ~ unless_said[column.name] ~ ')' -%}
            {%- if '_is_deleted' in provided -%}
                {%- set value = 'case when _is_deleted then ' ~ deletions[column.name] ~ ' else ' ~ value ~ ' end' -%}
            {%- endif -%}
        {%- endif %}
        {{ value }} as {{ column.name }},
    {%- endfor %}
        {{ 'cast(_raw_table as string)' if '_raw_table' in provided else 'cast(null as string)' }} as raw_table,
        _loaded_at as loaded_at,
        _as_of as landed_as_of,
        {{ 'cast(reject_reason as string)' if 'reject_reason' in provided else 'cast(null as string)' }} as mapping_reason
    from {{ relation }} as staged
    {{ only_touched('staged', values=keys) }}
{%- endmacro %}

{#
  The keys of the records that may have another outcome than the contract has: of rows that arrived, and of those whose
  parent or whose rate into the shop's currency is another one now.
#}
{% macro contract_touched(relations, provided, columns, faults, parent, rate_at) -%}
    {%- set key = config.get('unique_key') | join(', ') -%}
    {%- set loads = run_query('select raw_table, max(loaded_at) from ' ~ this ~ ' group by raw_table').rows -%}
    {%- for relation in relations if news_of(relation) == 'arrivals' %}
    select
        {%- for column in columns if column.name in config.get('unique_key') %}
        {{ contract_value(column, provided[relation.identifier], faults) }} as {{ column.name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where
        {%- for raw_table, loaded_at in loads %}
        not (_raw_table = '{{ raw_table }}' and _loaded_at <= cast('{{ loaded_at }}' as timestamp)) {{ 'and' if not loop.last }}
        {%- else %}
        true
        {%- endfor %}

    union all
    {% endfor %}
    {%- if parent %}
    select {{ key }} from {{ this }} as present
    semi join {{ changes(ref(parent[0] ~ '_rows')) }} as changed
        on changed.source_system = present.source_system and changed.{{ parent[1] }} = present.{{ parent[1] }}

    union all
    {% endif %}
    {%- if rate_at %}
    select {{ key }} from {{ this }} as present
    semi join {{ changes(ref('int_exchange_rate')) }} as changed
        on
        changed.from_currency = present.currency
        and {{ business_date('present.' ~ rate_at) }} between changed.valid_from and changed.valid_to

    union all
    {% endif %}
    select {{ key }} from {{ this }} where false
{%- endmacro %}
