-- one row per earlier date, label, and pair of its values then and on D: how many customers went from one to the other
{%- set labels = customer_labels() %}
with snapshots as {{ not_materialized() }} (

    select * from {{ ref('int_snapshot') }}

),

dates as (

    select * from {{ ref('int_snapshot_date') }}

),

asked as (

    {% for days in var('transition_days') -%}
    select max(as_of_date) as from_date from dates where as_of_date <= {{ add_days(as_of_date(), -days) }}
    {%- if not loop.last %}

    union

    {% endif -%}
    {%- endfor %}

),

from_dates as (

    select from_date from asked where from_date is not null

),

earlier as (

    select
        from_dates.from_date,
        snapshots.*

    from from_dates
    inner join snapshots on snapshots.as_of_date = from_dates.from_date

),

later as (

    select
        from_dates.from_date,
        snapshots.*

    from from_dates
    inner join snapshots on snapshots.as_of_date = {{ as_of_date() }}

),

names as (

    {{ names_as_rows(labels) }}

),

-- a label that somebody does not have is a value too; who is not there at all is absent
pairs as (

    select
        names.segment,
        coalesce(earlier.from_date, later.from_date) as from_date,
        case
            when earlier.customer_key is null then '(absent)'
            else coalesce({{ value_of_name('names.segment', 'earlier', labels, []) }}, '(none)')
        end as from_value,
        case
            when later.customer_key is null then '(absent)'
            else coalesce({{ value_of_name('names.segment', 'later', labels, []) }}, '(none)')
        end as to_value

    from earlier
    full join later
        on later.customer_key = earlier.customer_key
        and later.from_date = earlier.from_date
    cross join names

),

final as (

    select
        segment,
        from_date,
        {{ as_of_date() }} as to_date,
        from_value,
        to_value,
        cast(count(*) as bigint) as customers

    from pairs
    group by segment, from_date, from_value, to_value

)

select * from final
