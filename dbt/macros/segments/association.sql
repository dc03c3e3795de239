{# How strongly two things go together, from counts of orders. Thresholds do not belong here: models pass them from vars. #}

{# One cell's part of G2: observed * ln(observed / expected), which is 0 for an empty cell. #}
{% macro g2_term(observed, row_total, column_total, total) -%}
    case
        when {{ observed }} = 0 then cast(0 as double)
        else {{ observed }} * ln({{ quotient(observed, row_total) }} * {{ quotient(total, column_total) }})
    end
{%- endmacro %}

{# G2, the log-likelihood ratio of independence, of `both` among `total` orders with `left` and `right` each; one degree. #}
{% macro g2(both, left, right, total) -%}
    {%- set not_left, not_right = '(' ~ total ~ ' - ' ~ left ~ ')', '(' ~ total ~ ' - ' ~ right ~ ')' -%}
    {{ wide_weight(
        '2 * ('
        ~ g2_term(both, left, right, total)
        ~ ' + ' ~ g2_term('(' ~ left ~ ' - ' ~ both ~ ')', left, not_right, total)
        ~ ' + ' ~ g2_term('(' ~ right ~ ' - ' ~ both ~ ')', not_left, right, total)
        ~ ' + ' ~ g2_term('(' ~ total ~ ' - ' ~ left ~ ' - ' ~ right ~ ' + ' ~ both ~ ')', not_left, not_right, total)
        ~ ')'
    ) }}
{%- endmacro %}

{# The lower end of Wilson's score interval of a proportion, `z` standard errors wide on each side. #}
{% macro wilson_lower_bound(successes, trials, z) -%}
    {%- set share = quotient(successes, trials) -%}
    {{ ratio(
        share ~ ' + ' ~ quotient(z ~ ' * ' ~ z, '2 * ' ~ trials)
        ~ ' - ' ~ z ~ ' * sqrt('
        ~ quotient(share ~ ' * (1 - ' ~ share ~ ')', trials)
        ~ ' + ' ~ quotient(z ~ ' * ' ~ z, '4 * cast(' ~ trials ~ ' as double) * ' ~ trials)
        ~ ')',
        '1 + ' ~ quotient(z ~ ' * ' ~ z, trials)
    ) }}
{%- endmacro %}

{# A share as a person reads it: 34 %. #}
{% macro percent(share) %}cast(cast(round({{ share }} * 100, 0) as int) as string) || ' %'{% endmacro %}
