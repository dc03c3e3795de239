-- one row per segment, those of for_each entries included: its size, and of how many customers its rule could be told
{%- set segments = catalogue_segments() %}
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

final as (

    select
        named.segment,
        named.entry,
        {{ as_of_date() }} as as_of_date,
        cast(named.customers as bigint) as customers,
        {{ ratio('named.customers', 'coverages.customers_of_shop') }} as share,
        coalesce(coverages.coverage, 0) as coverage,
        named.customers >= {{ var('segment_min_customers') }} as is_actionable

    from named
    inner join coverages on coverages.entry = named.entry

)

select * from final
