{#
  The contract: one table of rows per entity, built from the staging models of the configured systems, each row
  with its outcome (kept, superseded, quarantined) and, where quarantined, its reason.
  Columns, types and their domains stand in the entity's YAML (models/contract/_<entity>.yml):
    required: true        NULL -> missing_<column>
    accepted: [..]        another value -> unknown_<column>
    minimum: n            below -> negative_<column>
    above: n              at or below -> invalid_<column>
    not_future: true      later than the load time + 1 day -> future_<column>
    earliest: date        before -> the value, which nobody can mean, becomes NULL and the row stays
  How a staging model's columns become these stands in contract_columns.sql.
#}

{# [(platform, staging model)] of the configured platforms that provide the entity. #}
{% macro staging_models(entity) -%}
    {%- set found = [] -%}
    {%- for system in var('systems', []) if entity in system.entities -%}
        {%- if system.platform not in found -%}{%- do found.append(system.platform) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{# Columns that the contract adds to every entity; they are computed, not mapped. #}
{% macro contract_bookkeeping() -%}
    {{ return(['exchange_rate', 'raw_table', 'loaded_at', 'landed_as_of', 'row_hash', 'outcome', 'reject_reason']) }}
{%- endmacro %}

{# The first fault of a row as its reason, else NULL. #}
{% macro reject_reason_case(columns, parent, priced, rate_at, needs_one_of, faults) -%}
    case
        when newest.mapping_reason is not null then newest.mapping_reason
        {%- for fault in faults %}
        when {{ fault.condition }} then '{{ fault.reason }}'
        {%- endfor %}
        {%- for column in columns if column.meta.required %}
        when newest.{{ column.name }} is null then 'missing_{{ column.name }}'
        {%- endfor %}
        {%- for names in needs_one_of %}
        when {% for name in names %}newest.{{ name }} is null{{ ' and ' if not loop.last }}{% endfor %}
            then 'missing_{{ names | join("_or_") }}'
        {%- endfor %}
        {%- for column in columns if column.meta.accepted %}
        when newest.{{ column.name }} not in ('{{ column.meta.accepted | join("', '") }}') then 'unknown_{{ column.name }}'
        {%- endfor %}
        {%- for column in columns if column.meta.minimum is defined %}
        when newest.{{ column.name }} < {{ column.meta.minimum }} then 'negative_{{ column.name }}'
        {%- endfor %}
        {%- for column in columns if column.meta.above is defined %}
        when newest.{{ column.name }} <= {{ column.meta.above }} then 'invalid_{{ column.name }}'
        {%- endfor %}
        {%- for column in columns if column.meta.not_future %}
        when newest.{{ column.name }} > {{ timestamp_add_days('newest.loaded_at', 1) }} then 'future_{{ column.name }}'
        {%- endfor %}
        {%- if parent %}
        when newest.{{ parent[1] }} is not null and parents.outcome is null then 'orphan'
        when parents.outcome = 'quarantined' then 'parent_rejected'
        {%- endif %}
        {%- if priced %}
        when {{ contract_exchange_rate(parent, rate_at) }} is null then 'no_rate'
        {%- endif %}
    end
{%- endmacro %}

{# The rate that turns a row's money into the shop's currency: its parent's, else its own day's. #}
{% macro contract_exchange_rate(parent, rate_at) -%}
    coalesce(
        {%- if parent %}parents.exchange_rate{{ ', ' if rate_at }}{% endif -%}
        {%- if rate_at -%}
        case when newest.currency = '{{ var("shop_currency", "") }}' then 1 else rates.rate end
        {%- endif -%}
    )
{%- endmacro %}

{# Whether a row says which record it is of: all of its key that it must have is there. #}
{% macro contract_has_key(key, columns, needs_one_of) -%}
    {%- if key | length == 1 -%}
        {{ key[0] }} is not null
    {%- else -%}
        {%- for column in columns if column.name in key and column.meta.required -%}
        {{ column.name }} is not null and {# #}
        {%- endfor -%}
        {%- for names in needs_one_of -%}
        ({{ names | join(' is not null or ') }} is not null) and {# #}
        {%- endfor -%}
        true
    {%- endif -%}
{%- endmacro %}

{# Whether two rows are of one record, both of which say which. #}
{% macro contract_same_key(left, right, key) -%}
    {{ left }}.source_system = {{ right }}.source_system
    {%- for name in key %}
    and {{ left }}.{{ name }} {{ '=' if key | length == 1 else 'is not distinct from' }} {{ right }}.{{ name }}
    {%- endfor %}
{%- endmacro %}

{#
  All rows of an entity.
    key           the columns that name one record within its source system
    parent        (entity, column) of the record that a row belongs to and follows into quarantine
    priced        the row's money needs a rate into the shop's currency
    rate_at       the timestamp whose business day chooses that rate, where it is not the parent's
    needs_one_of  lists of columns of which a row must have at least one
    faults        [{reason, condition, withholds}]: what else quarantines a row, as SQL on the entity's own columns, and
                  a column whose value is not to be kept then
#}
{% macro contract_rows(entity, key, parent=none, priced=false, rate_at=none, needs_one_of=[], faults=[]) -%}
    {{- config(materialized='incremental', incremental_strategy='touched_rows', unique_key=['source_system'] + key) -}}
    {%- set relations = [] -%}
    {%- for platform in staging_models(entity) -%}
        {%- do relations.append(ref('stg_' ~ platform ~ '__' ~ entity)) -%}
    {%- endfor -%}
    {%- if parent -%}{%- set parent_relation = ref(parent[0] ~ '_rows') -%}{%- endif -%}
    {%- if rate_at -%}{%- set rate_relation = ref('int_exchange_rate') -%}{%- endif -%}

    {%- if execute -%}
    {%- set columns = [] -%}
    {%- for column in model.columns.values() if column.name not in contract_bookkeeping() -%}
        {%- do columns.append(column) -%}
    {%- endfor -%}
    {%- set names = columns | map(attribute='name') | list -%}
    {%- set has_key = contract_has_key(key, columns, needs_one_of) -%}
    {%- set provided = {} -%}
    {%- for relation in relations -%}
        {%- set found = adapter.get_columns_in_relation(relation) | map(attribute='name') | map('lower') | list -%}
        {%- do provided.update({relation.identifier: found}) -%}
    {%- endfor -%}
    {%- if is_narrowed() -%}
        {%- call touch() -%}{{ contract_touched(relations, provided, columns, faults, parent, rate_at) }}{%- endcall -%}
    {%- endif %}

with mapped as {{ not_materialized() }} (

    {% for relation in relations -%}
    {{ contract_select(relation, provided[relation.identifier], entity, columns, faults) }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}
    {%- if not relations %}
    select
        {%- for column in columns %}
        cast(null as {{ column.data_type }}) as {{ column.name }},
        {%- endfor %}
        cast(null as string) as raw_table,
        cast(null as timestamp) as loaded_at,
        cast(null as date) as landed_as_of,
        cast(null as string) as mapping_reason
    where false
    {%- endif %}

),

repeated_keys as (

    select
        source_system,
        {{ key | join(', ') }}
    from mapped
    where {{ has_key }}
    group by source_system, {{ key | join(', ') }}
    having count(*) > 1

),

{#- Nearly all rows are the only one of their record: they are not compared, hashed or sorted. #}
single as (

    select
        mapped.*,
        cast(null as string) as row_hash,
        cast(null as string) as row_key,
        1 as version_number
    from mapped
    anti join repeated_keys on {{ contract_same_key('repeated_keys', 'mapped', key) }}
    where {{ has_key }}

),

several as (

    select mapped.*
    from mapped
    semi join repeated_keys on {{ contract_same_key('repeated_keys', 'mapped', key) }}
    where {{ has_key }}

    union all

    select * from mapped where not ({{ has_key }})

),

hashed as (

    select
        *,
        {{ hash_key(names) }} as row_hash
    from several

),

{#- Rows without their key are records of their own, and exact duplicates among them still collapse. #}
keyed as (

    select
        *,
        case when {{ has_key }} then {{ key[0] if key | length == 1 else hash_key(key) }} else row_hash end as row_key
    from hashed

),

numbered as (

    select
        *,
        row_number() over (
            partition by source_system, row_key
            order by updated_at desc nulls last, loaded_at desc nulls last, row_hash nulls last
        ) as version_number
    from keyed

),

newest_of_several as (

    select * from numbered where version_number = 1

),

newest as (

    select * from single

    union all

    select * from newest_of_several

),

{% if parent -%}
parents as (

    select * from {{ parent_relation }}
    where outcome <> 'superseded' and coalesce(reject_reason, '') <> 'duplicate_key'

),

{% endif -%}
{% if rate_at -%}
rates as (

    select * from {{ rate_relation }}

),

{% endif -%}
judged as (

    select
        newest.*,
        {%- if priced %}
        cast({{ contract_exchange_rate(parent, rate_at) }} as decimal(18, 9)) as exchange_rate,
        {%- endif %}
        {{ reject_reason_case(columns, parent, priced, rate_at, needs_one_of, faults) }} as reject_reason

    from newest
    {%- if parent %}
    left join parents
        on parents.source_system = newest.source_system
        and parents.{{ parent[1] }} = newest.{{ parent[1] }}
    {%- endif %}
    {%- if rate_at %}
    left join rates
        on rates.from_currency = newest.currency
        and {{ business_date('newest.' ~ rate_at) }} between rates.valid_from and rates.valid_to
    {%- endif %}

),

{#- Of two different rows with one key and one age, neither is newer: one is kept, the other is a duplicate key. #}
older as (

    select
        numbered.*,
        {%- if priced %}
        cast(null as decimal(18, 9)) as exchange_rate,
        {%- endif %}
        case
            when
                numbered.updated_at = newest_of_several.updated_at
                and numbered.loaded_at = newest_of_several.loaded_at
                and numbered.row_hash <> newest_of_several.row_hash
                then 'duplicate_key'
        end as reject_reason

    from numbered
    inner join newest_of_several
        on newest_of_several.source_system = numbered.source_system
        and newest_of_several.row_key = numbered.row_key
    where numbered.version_number > 1

),

final as (

    select * , case when reject_reason is null then 'kept' else 'quarantined' end as outcome from judged

    union all

    select *, case when reject_reason is null then 'superseded' else 'quarantined' end as outcome from older

)

select
    {%- for column in model.columns.values() %}
    {{ column.name }}{{ ',' if not loop.last }}
    {%- endfor %}
from final
    {%- endif -%}
{%- endmacro %}

{# Rows of one outcome; the columns are those of the rows, the entity's views differ in nothing else. #}
{% macro contract_outcome(entity, outcome) -%}
select * from {{ ref(entity ~ '_rows') }} where outcome = '{{ outcome }}'
{%- endmacro %}
