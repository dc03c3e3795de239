-- one row per customer and segment they are in, with the reason
{%- set segments = catalogue_segments() %}
{%- set types = profile_types() %}
with flags as (

    select * from {{ ref('int_customer_segment_flag') }}

),

profile as (

    select * from {{ ref('int_customer_profile') }}

),

catalogue as (

    select * from {{ ref('segment_catalog') }}

),

final as (

    select
        profile.customer_key,
        profile.as_of_date,
        case catalogue.segment
            {%- for segment in segments if segment.for_each %}
            when '{{ segment.name }}' then '{{ segment.name }}:' || cast(profile.{{ segment.for_each }} as string)
            {%- endfor %}
            else catalogue.segment
        end as segment,
        case catalogue.segment
            {%- for segment in segments %}
            when '{{ segment.name }}' then {{ segment_reason(segment, 'profile', types) }}
            {%- endfor %}
        end as reason

    from flags
    inner join profile on profile.customer_key = flags.customer_key
    cross join catalogue
    where
        case catalogue.segment
            {%- for segment in segments %}
            when '{{ segment.name }}' then flags.{{ segment.name }}
            {%- if segment.for_each %} and profile.{{ segment.for_each }} is not null {%- endif %}
            {%- endfor %}
        end

)

select * from final
