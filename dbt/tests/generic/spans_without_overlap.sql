{#- Spans (valid_from, valid_to) of one key do not overlap, and none is empty. #}
{% test spans_without_overlap(model, keys) %}

select *
from (
    select
        *,
        lead(valid_from) over (partition by {{ keys | join(', ') }} order by valid_from nulls last) as next_valid_from
    from {{ model }}
) as spans
where valid_to <= valid_from or (next_valid_from is not null and coalesce(next_valid_from < valid_to, true))

{% endtest %}
