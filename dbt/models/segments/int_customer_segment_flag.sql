-- one row per customer: every rule of the catalogue as a boolean, all in one scan of the profile
{%- set layers = catalogue_layers() %}
with layer_0 as (

    select * from {{ ref('int_customer_profile') }}

),

{% for layer in layers -%}
layer_{{ loop.index }} as (

    select
        *
        {%- for segment in layer %},
        coalesce({{ segment.rule }}, false) as {{ segment.name }}
        {%- endfor %}

    from layer_{{ loop.index0 }}

),

{% endfor -%}
final as (

    select
        customer_key,
        as_of_date
        {%- for segment in catalogue_segments() %},
        {{ segment.name }}
        {%- endfor %}

    from layer_{{ layers | length }}

)

select * from final
