-- one row per segment, those of for_each entries included: its size, how that changed, and how much of it is known
{%- set segments = catalogue_segments() %}
{%- set singles = single_segments() %}
{%- set valued = segments | selectattr('for_each', 'defined') | selectattr('for_each', 'in', customer_labels()) | list %}
with profile as (

    select * from {{ ref('int_customer_profile') }}

),

flags as (

    select
        customer_key as flag_customer_key
        {%- for segment in segments %},
        {{ segment.name }}
        {%- endfor %}

    from {{ ref('int_customer_segment_flag') }}

),

catalogue as (

    select * from {{ ref('segment_catalog') }}

),

membership as (

    select * from {{ ref('segment_membership') }}

),

previous_date as (

    select max(as_of_date) as previous_date from {{ ref('int_snapshot_date') }} where as_of_date < {{ as_of_date() }}

),

previous_snapshot as (

    select snapshots.*
    from {{ ref('int_snapshot') }} as snapshots
    inner join previous_date on previous_date.previous_date = snapshots.as_of_date

),

-- a segment that the snapshot does not know has no size there
previous_counts as (

    select
        count(*) as customers
        {%- for segment in singles %},
        case when count({{ segment }}) > 0 then sum(case when {{ segment }} then 1 else 0 end) end as {{ segment }}
        {%- endfor %}

    from previous_snapshot

),

previous_sizes as (

    {% for segment in singles -%}
    select '{{ segment }}' as segment, {{ segment }} as customers from previous_counts
    {%- if not loop.last or valued %}

    union all

    {% endif -%}
    {%- endfor %}
    {%- for segment in valued -%}
    select '{{ segment.name }}:' || {{ segment.for_each }} as segment, count(*) as customers
    from previous_snapshot
    where {{ segment.for_each }} is not null
    group by {{ segment.for_each }}
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

-- a rule that comes out as NULL could not be told; nor, for a segment of nobody, one that reads a column without values
known as (

    select
        count(*) as customers
        {%- for segment in segments %},
        case
            when
                sum(case when {{ segment.name }} then 1 else 0 end) = 0
                and least({% for column in rule_columns(segment.rule) %}count({{ column }}), {% endfor %}count(*)) = 0
                then 0
            else
                sum(
                    case
                        when ({{ segment.rule }}) is not null
                            {%- if segment.for_each %} and {{ segment.for_each }} is not null {%- endif %} then 1
                        else 0
                    end
                )
        end as {{ segment.name }}
        {%- endfor %}

    from profile
    inner join flags on flags.flag_customer_key = profile.customer_key

),

coverages as (

    {% for segment in segments -%}
    select
        '{{ segment.name }}' as entry,
        customers as customers_of_shop,
        {{ ratio(segment.name, 'customers') }} as coverage
    from known
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

),

sizes as (

    select
        segment,
        {{ dbt.split_part('segment', "':'", 1) }} as entry,
        count(*) as customers

    from membership
    group by segment

),

-- a segment without members has a row too; a for_each entry has one a value, and one of its own name without any
named as (

    select
        catalogue.segment as entry,
        coalesce(sizes.segment, catalogue.segment) as segment,
        coalesce(sizes.customers, 0) as customers

    from catalogue
    left join sizes on sizes.entry = catalogue.segment

),

compared as (

    select
        named.segment,
        named.entry,
        {{ as_of_date() }} as as_of_date,
        cast(named.customers as bigint) as customers,
        {{ ratio('named.customers', 'coverages.customers_of_shop') }} as share,
        cast(coalesce(coverages.coverage, 0) as decimal(18, 9)) as coverage,
        named.customers >= {{ var('segment_min_customers') }} as is_actionable,
        previous_date.previous_date,
        cast(previous_sizes.customers as bigint) as previous_customers,
        {{ ratio('named.customers - previous_sizes.customers', 'previous_sizes.customers') }} as change

    from named
    inner join coverages on coverages.entry = named.entry
    cross join previous_date
    left join previous_sizes on previous_sizes.segment = named.segment

),

final as (

    select
        *,
        coalesce(
            abs(change) >= {{ var('segment_alert_change') }}
            and greatest(customers, previous_customers) >= {{ var('segment_min_customers') }},
            false
        ) as is_alert

    from compared

)

select * from final
