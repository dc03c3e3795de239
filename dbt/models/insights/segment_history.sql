-- one row per customer, label or segment, and span of snapshots in which its value stayed the same
{%- set labels, segments = customer_labels(), single_segments() %}
with snapshots as (

    select * from {{ ref('int_snapshot') }}

),

dates as (

    select * from {{ ref('int_snapshot_date') }}

),

states as (

    select
        snapshots.*,
        dates.number,
        {{ hash_key(labels + segments) }} as state

    from snapshots
    inner join dates on dates.as_of_date = snapshots.as_of_date

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

spell_ends as (

    select
        last_dates.customer_key,
        last_dates.spell,
        dates.next_date as ended_on

    from last_dates
    inner join dates on dates.number = last_dates.last_number

),

-- most rows say what the row before said
changes as (

    select *
    from spelled
    where coalesce(previous_number = number - 1 and previous_state = state, false) = false

),

names as (

    {{ names_as_rows(labels + segments) }}

),

long as (

    select
        changes.customer_key,
        changes.spell,
        changes.as_of_date,
        names.segment,
        {{ value_of_name('names.segment', 'changes', labels, segments) }} as value

    from changes
    cross join names

),

followed as (

    select
        *,
        row_number() over (
            partition by customer_key, segment, spell order by as_of_date nulls last
        ) as place,
        lag(value) over (partition by customer_key, segment, spell order by as_of_date nulls last) as previous_value

    from long

),

starts as (

    select
        customer_key,
        segment,
        spell,
        value,
        as_of_date as valid_from

    from followed
    where place = 1 or value is distinct from previous_value

),

spans as (

    select
        *,
        lead(valid_from) over (partition by customer_key, segment, spell order by valid_from nulls last) as followed_on

    from starts

),

final as (

    select
        spans.customer_key,
        spans.segment,
        spans.value,
        spans.valid_from,
        coalesce(spans.followed_on, spell_ends.ended_on) as valid_to

    from spans
    inner join spell_ends
        on spell_ends.customer_key = spans.customer_key
        and spell_ends.spell = spans.spell
    where spans.value is not null or spans.segment in ('{{ labels | join("', '") }}')

)

select * from final
