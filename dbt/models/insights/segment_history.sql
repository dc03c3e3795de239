-- one row per customer, label or segment, and span of snapshots in which its value stayed the same
{%- set labels, segments = customer_labels(), single_segments() %}
with snapshots as (

    select * from {{ ref('int_snapshot') }}

),

snapshot_states as (

    select * from {{ ref('int_snapshot_state') }}

),

dates as (

    select * from {{ ref('int_snapshot_date') }}

),

-- who and when, without the labels: those are looked up where they changed
states as (

    select
        snapshot_states.*,
        dates.number

    from snapshot_states
    inner join dates on dates.as_of_date = snapshot_states.as_of_date

),

compared as (

    select
        *,
        lag(number) over (partition by customer_key order by number nulls last) as previous_number,
        lag(state) over (partition by customer_key order by number nulls last) as previous_state

    from states

),

-- a spell is a time in which the customer is in every snapshot
spelled as (

    select
        *,
        sum(case when previous_number = number - 1 then 0 else 1 end) over (
            partition by customer_key order by number nulls last
            rows between unbounded preceding and current row
        ) as spell

    from compared

),

last_dates as (

    select
        customer_key,
        spell,
        max(number) as last_number

    from spelled
    group by customer_key, spell

),

spells as (

    select
        last_dates.customer_key,
        last_dates.spell,
        row_number() over (order by last_dates.customer_key nulls last, last_dates.spell nulls last) as spell_number,
        dates.next_date as ended_on

    from last_dates
    inner join dates on dates.number = last_dates.last_number

),

-- most rows say what the row before said
changes as (

    select
        spells.spell_number,
        spelled.customer_key,
        spelled.as_of_date,
        row_number() over (partition by spells.spell_number order by spelled.as_of_date nulls last) as place

    from spelled
    inner join spells on spells.customer_key = spelled.customer_key and spells.spell = spelled.spell
    where coalesce(spelled.previous_number = spelled.number - 1 and spelled.previous_state = spelled.state, false) = false

),

changed as (

    select
        snapshots.*,
        changes.spell_number,
        changes.place

    from changes
    inner join snapshots on snapshots.customer_key = changes.customer_key and snapshots.as_of_date = changes.as_of_date

),

names as (

    {{ names_as_rows(labels + segments) }}

),

numbered_names as (

    select
        segment,
        cast(row_number() over (order by segment nulls last) as int) as segment_number

    from names

),

long as (

    select
        changed.spell_number,
        names.segment_number,
        changed.as_of_date as valid_from,
        changed.place,
        {{ value_of_name('names.segment', 'changed', labels, segments) }} as value,
        {{ value_of_name('names.segment', 'before', labels, segments) }} as previous_value

    from changed
    left join changed as before
        on before.spell_number = changed.spell_number
        and before.place = changed.place - 1
    cross join numbered_names as names

),

-- to be outside of a segment from the first on is no change
starts as (

    select long.*

    from long
    inner join numbered_names as names on names.segment_number = long.segment_number
    where
        long.value is distinct from long.previous_value
        or (long.place = 1 and names.segment in ('{{ labels | join("', '") }}'))

),

spans as (

    select
        *,
        lead(valid_from) over (
            partition by spell_number, segment_number order by valid_from nulls last
        ) as followed_on

    from starts

),

final as (

    select
        spells.customer_key,
        names.segment,
        spans.value,
        spans.valid_from,
        coalesce(spans.followed_on, spells.ended_on) as valid_to

    from spans
    inner join spells on spells.spell_number = spans.spell_number
    inner join numbered_names as names on names.segment_number = spans.segment_number
    where spans.value is not null or names.segment in ('{{ labels | join("', '") }}')

)

select * from final
