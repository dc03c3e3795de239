{#-
  Spans (valid_from, valid_to) of one key follow each other without a gap, but for the time in which the customer was in
  no snapshot at all. Only labels have a value all the time.
#}
{% test spans_without_gap(model, keys) %}

select *
from (
    select
        spans.*,
        lead(spans.valid_from) over (partition by {{ keys | join(', ') }} order by spans.valid_from nulls last) as next_valid_from
    from {{ model }} as spans
    where spans.segment in ('{{ customer_labels() | join("', '") }}')
) as followed
where
    next_valid_from > valid_to
    and exists (
        select 1
        from {{ ref('int_snapshot') }} as snapshots
        where
            snapshots.customer_key = followed.customer_key
            and snapshots.as_of_date >= followed.valid_to
            and snapshots.as_of_date < followed.next_valid_from
    )

{% endtest %}
