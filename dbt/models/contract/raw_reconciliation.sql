-- one row per raw table that has a destination: its rows, and where they are now
{%- set tables = [] %}
{%- for system in var('systems', []) %}
    {%- for table in system.tables if (system.platform, table) not in tables %}
        {%- do tables.append((system.platform, table)) %}
    {%- endfor %}
{%- endfor %}

with destinations as (

    select * from {{ ref('int_raw_destination') }}

),

raw_counts as (

    {% for platform, table in tables -%}
    select
        source_system,
        _raw_table as raw_table,
        count(*) as raw_rows

    from {{ raw(platform, table) }} as rows_of_table
    where {{ record_condition(platform, table) }}
    group by source_system, _raw_table

    {% if not loop.last -%}
    union all

    {% endif -%}
    {% endfor %}
    {%- if not tables %}
    select
        cast(null as string) as source_system,
        cast(null as string) as raw_table,
        cast(null as bigint) as raw_rows
    where false
    {% endif %}
),

destination_counts as (

    select
        raw_table,
        sum(case when outcome in ('kept', 'deleted') then row_count else 0 end) as contract_rows,
        sum(case when outcome = 'quarantined' then row_count else 0 end) as quarantined_rows,
        sum(case when outcome = 'superseded' then row_count else 0 end) as superseded_rows,
        sum(case when outcome in ('kept', 'deleted') then abs(amount) else 0 end) as contract_amount,
        sum(case when outcome = 'quarantined' then abs(amount) else 0 end) as quarantined_amount,
        sum(case when outcome = 'superseded' then abs(amount) else 0 end) as superseded_amount

    from destinations
    group by raw_table

),

final as (

    select
        coalesce(raw_counts.raw_table, destination_counts.raw_table) as raw_table,
        raw_counts.source_system,
        cast(coalesce(raw_counts.raw_rows, 0) as bigint) as raw_rows,
        cast(coalesce(destination_counts.contract_rows, 0) as bigint) as contract_rows,
        cast(coalesce(destination_counts.quarantined_rows, 0) as bigint) as quarantined_rows,
        cast(coalesce(destination_counts.superseded_rows, 0) as bigint) as superseded_rows,
        cast(coalesce(destination_counts.contract_amount, 0) as decimal(38, 4)) as contract_amount,
        cast(coalesce(destination_counts.quarantined_amount, 0) as decimal(38, 4)) as quarantined_amount,
        cast(coalesce(destination_counts.superseded_amount, 0) as decimal(38, 4)) as superseded_amount

    from raw_counts
    full outer join destination_counts on destination_counts.raw_table = raw_counts.raw_table

)

select * from final
