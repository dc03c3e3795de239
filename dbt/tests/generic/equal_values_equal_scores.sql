{#-
  A score, tier or group depends on the named columns alone: rows whose values are equal have equal scores, NULL
  being a value of its own on both sides.
#}
{% test equal_values_equal_scores(model, column_name, values) %}

select
    {{ values | join(', ') }},
    min({{ column_name }}) as lowest_score,
    max({{ column_name }}) as highest_score,
    count(*) - count({{ column_name }}) as rows_without_score

from {{ model }}
group by {{ values | join(', ') }}
having
    min({{ column_name }}) <> max({{ column_name }})
    or count({{ column_name }}) between 1 and count(*) - 1

{% endtest %}
