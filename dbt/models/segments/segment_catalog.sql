-- one row per entry of the catalogue (segment_catalog.yml)
with final as (

    {% for segment in catalogue_segments() -%}
    select
        {{ text_literal(segment.name) }} as segment,
        {{ text_literal(segment.label) }} as label,
        {{ text_literal(segment.family) }} as family,
        {{ text_literal(segment.owner) }} as owner,
        {{ text_literal(segment.question) }} as question,
        {{ text_literal(segment.action) }} as action,
        {{ text_literal(segment.rule) }} as rule,
        {{ text_literal(segment.for_each) }} as for_each,
        cast({{ segment.version }} as int) as version
    {%- if not loop.last %}

    union all

    {% endif -%}
    {%- endfor %}

)

select * from final
