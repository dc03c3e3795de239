{# Arithmetic of scores and shares. Thresholds do not belong here: models pass them from vars. #}

{# A quotient as double, for further arithmetic; NULL where there is nothing to divide by. #}
{% macro quotient(numerator, denominator) -%}
    (cast({{ numerator }} as double) / nullif(cast({{ denominator }} as double), 0))
{%- endmacro %}

{# A quotient to publish or compare: rounded, once. #}
{% macro ratio(numerator, denominator) %}{{ weight(quotient(numerator, denominator)) }}{% endmacro %}

{# The same of money, which may be of any size. #}
{% macro money_ratio(amount, number) %}{{ wide_weight(quotient(amount, number)) }}{% endmacro %}

{# Aggregates: one linear-interpolated cut per share, as columns <name>_cut_1, <name>_cut_2, ... #}
{% macro quantile_cuts(value, shares, name) -%}
    {%- for share in shares -%}
    {{ wide_weight(quantile(value, share)) }} as {{ name }}_cut_{{ loop.index }}
    {%- if not loop.last %},
    {% endif -%}
    {%- endfor -%}
{%- endmacro %}

{# Aggregates: where the number of orders is cut into scores, by fixed cuts or, on request, by quantiles. #}
{% macro rfm_frequency_cuts(orders) -%}
    {%- set cuts = var('rfm_frequency_cuts') -%}
    {%- if cuts is string -%}
    {{ quantile_cuts(orders, var('rfm_cut_quantiles'), 'frequency') }}
    {%- else -%}
    {%- for cut in cuts -%}
    {{ wide_weight(cut) }} as frequency_cut_{{ loop.index }}
    {%- if not loop.last %},
    {% endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}

{# How many cuts lie strictly below a value: equal values always get equal counts. #}
{% macro cuts_below(value, cuts) -%}
    (
        {%- for cut in cuts %}
        case when {{ cut }} < {{ value }} then 1 else 0 end {{- ' +' if not loop.last }}
        {%- endfor %}
    )
{%- endmacro %}

{# Weight of something `age_days` old that counts half after `half_life_days`. #}
{% macro decay(age_days, half_life_days) -%}
    power(cast(0.5 as double), cast({{ age_days }} as double) / {{ half_life_days }})
{%- endmacro %}

{# A customer's share shrunk towards the shop's: (part + prior * shop_share) / (whole + prior). #}
{% macro shrunk_share(part, whole, shop_share, prior) -%}
    {{ quotient(
        'cast(' ~ part ~ ' as double) + ' ~ prior ~ ' * ' ~ shop_share,
        'cast(' ~ whole ~ ' as double) + ' ~ prior
    ) }}
{%- endmacro %}

{# The names of a measure's cuts, one per share, as quantile_cuts writes them: <name>_cut_1, ... #}
{% macro numbered_cuts(name, shares) -%}
    {%- set names = [] -%}
    {%- for share in shares -%}
        {%- do names.append(name ~ '_cut_' ~ loop.index) -%}
    {%- endfor -%}
    {{ return(names) }}
{%- endmacro %}
