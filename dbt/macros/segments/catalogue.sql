{#
  Reads the segment catalogue, which is the meta of model segment_catalog: dbt fills it when it executes, so it can
  shape SQL but name no models. dagster_project/transform/catalogue.py has validated it before dbt starts.
#}

{# The catalogue's entries, in the order of the file. #}
{% macro catalogue_segments() -%}
    {%- if not execute -%}{{ return([]) }}{%- endif -%}
    {{ return(graph.nodes['model.' ~ project_name ~ '.segment_catalog'].config.meta.segments) }}
{%- endmacro %}

{# The catalogue's entries in layers: a rule names only segments of the layers before its own. #}
{% macro catalogue_layers() -%}
    {%- set segments = catalogue_segments() -%}
    {%- set names = segments | map(attribute='name') | list -%}
    {%- set placed, layers = [], [] -%}
    {%- for _ in segments if placed | length < segments | length -%}
        {%- set layer = [] -%}
        {%- for segment in segments if segment.name not in placed -%}
            {%- set missing = rule_words(segment.rule) | select('in', names) | reject('in', placed) | list -%}
            {%- if not missing -%}{%- do layer.append(segment) -%}{%- endif -%}
        {%- endfor -%}
        {%- do placed.extend(layer | map(attribute='name')) -%}
        {%- do layers.append(layer) -%}
    {%- endfor -%}
    {{ return(layers) }}
{%- endmacro %}

{# The labels of a customer that customer_segments and its snapshots hold: columns of int_customer_profile. #}
{% macro customer_labels() -%}
    {{ return([
        'classic_group', 'shopify_group', 'klaviyo_group', 'lifecycle_stage', 'lapsed_band', 'churn_type', 'value_tier',
        'support_tier', 'basket_frequency_group', 'price_tier', 'discount_group', 'primary_category', 'open_cart_age',
        'journey_stage', 'engagement_group', 'age_band', 'life_stage', 'country', 'language', 'first_channel',
        'last_device', 'nps_class', 'review_activity', 'churn_risk_band', 'predicted_value_tier',
    ]) }}
{%- endmacro %}

{# The names of the catalogue's single segments, which customer_segments and its snapshots hold as booleans. #}
{% macro single_segments() -%}
    {{ return(catalogue_segments() | selectattr('for_each', 'undefined') | map(attribute='name') | list) }}
{%- endmacro %}

{# The columns, segments, functions and operators that a rule names. #}
{% macro rule_words(rule) -%}
    {{ return(modules.re.findall('[a-z][a-z0-9_]*', modules.re.sub("'[^']*'", '', rule))) }}
{%- endmacro %}

{# The columns of int_customer_profile that a rule reads, by way of the segments that it names too. #}
{% macro rule_columns(rule) -%}
    {%- set words, columns = rule_words(rule), [] -%}
    {%- do columns.extend(words | select('in', profile_types()) | list) -%}
    {%- for segment in catalogue_segments() if segment.name in words -%}
        {%- do columns.extend(rule_columns(segment.rule)) -%}
    {%- endfor -%}
    {{ return(columns | unique | list) }}
{%- endmacro %}

{# Text as an SQL literal; NULL where an entry does not have it. #}
{% macro text_literal(text) -%}
    {%- if text is none or text is undefined -%}
    cast(null as string)
    {%- else -%}
    {{ dbt.string_literal(dbt.escape_single_quotes(text)) }}
    {%- endif -%}
{%- endmacro %}

{# The data type of each column of int_customer_profile, as its YAML declares them. #}
{% macro profile_types() -%}
    {%- set types = {} -%}
    {%- if execute -%}
        {%- for column in graph.nodes['model.' ~ project_name ~ '.int_customer_profile'].columns.values() -%}
            {%- do types.update({column.name: column.data_type}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(types) }}
{%- endmacro %}

{# Why a person is in: the entry's reason with each {column} replaced by the person's value, else the rule itself. #}
{% macro segment_reason(segment, profile, types) -%}
    {%- set parts = [] -%}
    {%- for piece in modules.re.split('\\{([a-z0-9_]+)\\}', segment.reason or segment.rule) -%}
        {%- if loop.index is divisibleby 2 -%}
            {%- do parts.append(value_as_text(profile ~ '.' ~ piece, types[piece])) -%}
        {%- elif piece -%}
            {%- do parts.append(text_literal(piece)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ parts | join(' || ') }}
{%- endmacro %}

{# A value as a person writes it: two decimals at most, "unknown" for NULL. #}
{% macro value_as_text(value, data_type) -%}
    {%- if data_type.startswith('decimal') -%}
    coalesce(replace(cast(cast(round({{ value }}, 2) as decimal(38, 2)) as string), '.00', ''), 'unknown')
    {%- else -%}
    coalesce(cast({{ value }} as string), 'unknown')
    {%- endif -%}
{%- endmacro %}
