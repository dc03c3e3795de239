-- one row per customer, label or segment, and day on which they entered it, left it or changed its value
with history as (

    select * from {{ ref('segment_history') }}

),

first_date as (

    select min(as_of_date) as first_date from {{ ref('int_snapshot_date') }}

),

-- a span over all snapshots is the only one of its customer and segment, and no event
partial as (

    select history.*

    from history
    cross join first_date
    where history.valid_from > first_date.first_date or history.valid_to is not null

),

neighbours as (

    select
        *,
        lag(valid_to) over (partition by customer_key, segment order by valid_from nulls last) as previous_valid_to,
        lag(value) over (partition by customer_key, segment order by valid_from nulls last) as previous_value,
        lead(valid_from) over (partition by customer_key, segment order by valid_from nulls last) as next_valid_from

    from partial

),

-- what the first snapshot says was so before: nobody entered it then
begun as (

    select
        neighbours.customer_key,
        neighbours.valid_from as event_date,
        neighbours.segment,
        case when neighbours.previous_valid_to = neighbours.valid_from then 'changed' else 'entered' end as event,
        case when neighbours.previous_valid_to = neighbours.valid_from then neighbours.previous_value end as previous_value,
        neighbours.value

    from neighbours
    cross join first_date
    where
        neighbours.valid_from > first_date.first_date
        and (neighbours.value is not null or neighbours.previous_valid_to = neighbours.valid_from)

),

ended as (

    select
        customer_key,
        valid_to as event_date,
        segment,
        'left' as event,
        value as previous_value,
        cast(null as string) as value

    from neighbours
    where
        valid_to is not null
        and value is not null
        and next_valid_from is distinct from valid_to

),

final as (

    select * from begun

    union all

    select * from ended

)

select * from final
