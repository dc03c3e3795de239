-- one row per customer: their tiers and groups as labels, and every declared segment as a boolean
with profile as (

    select * from {{ ref('int_customer_profile') }}

),

flags as (

    select * from {{ ref('int_customer_segment_flag') }}

),

final as (

    select
        profile.customer_key,
        profile.as_of_date,
        {%- for label in customer_labels() %}
        profile.{{ label }},
        {%- endfor %}
        {%- for segment in single_segments() %}
        flags.{{ segment }} {{- ',' if not loop.last }}
        {%- endfor %}

    from profile
    inner join flags on flags.customer_key = profile.customer_key

)

select * from final
