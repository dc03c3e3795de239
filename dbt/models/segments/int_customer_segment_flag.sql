-- one row per customer: every rule of the catalogue as a boolean, all in one scan of the profile
with profile as (

    select * from {{ ref('int_customer_profile') }}

),

final as (

    select
        customer_key,
        as_of_date
        {%- for segment in catalogue_segments() %},
        coalesce({{ segment.rule }}, false) as {{ segment.name }}
        {%- endfor %}

    from profile

)

select * from final
