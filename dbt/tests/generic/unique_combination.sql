{#- The named columns together are unique: the grain of a table whose key is more than one column. #}
{% test unique_combination(model, columns) %}{{ repeated(model, columns) }}{% endtest %}
