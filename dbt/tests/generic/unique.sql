{#- A column has no value twice, NULL aside: dbt's own test of this name, in less time. #}
{% test unique(model, column_name) %}
{{ repeated('(select ' ~ column_name ~ ' from ' ~ model ~ ' where ' ~ column_name ~ ' is not null) as known', [column_name]) }}
{% endtest %}
