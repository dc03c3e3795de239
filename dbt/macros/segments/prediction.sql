{#
  The probability model applied to a customer's history: x, t_x and T as columns repeat_occasions, btyd_recency_days
  and btyd_age_days, the model as columns process, r, alpha, a and b, all of one row. Fitting, and what needs more than
  arithmetic, stands in dagster_project/prediction/buying.py, which says where the formulas are from.
#}

{# The logarithm of (alpha + later) / (alpha + earlier). #}
{% macro log_age_ratio(later, earlier) -%}
    (ln(alpha + cast({{ later }} as double)) - ln(alpha + cast({{ earlier }} as double)))
{%- endmacro %}

{# The chance that the customer has not left yet, as double. BG/NBD lets nobody leave after the first occasion. #}
{% macro probability_alive() -%}
    case
        when process = 'bg_nbd' and repeat_occasions = 0 then 1.0
        else
            1 / (
                1
                + a / (b + repeat_occasions - case when process = 'bg_nbd' then 1 else 0 end)
                * exp(least((r + repeat_occasions) * {{ log_age_ratio('btyd_age_days', 'btyd_recency_days') }}, 700))
            )
    end
{%- endmacro %}

{# The chance of at least one occasion within `days` of somebody alive with that chance, as double. #}
{% macro probability_of_order(probability_alive, days) -%}
    {{ probability_alive }}
    * (1 - exp((r + repeat_occasions) * {{ log_age_ratio('btyd_age_days', 'btyd_age_days + ' ~ days) }}))
{%- endmacro %}

{# Whole days until the chance of an occasion reaches one half; NULL if it never does, or not within `max_days`. #}
{% macro days_until_next_order(probability_alive, max_days) -%}
    case
        when {{ probability_of_order(probability_alive, max_days) }} >= 0.5
            then cast(
                ceil(
                    (alpha + btyd_age_days)
                    * (exp(-ln(1 - 0.5 / {{ probability_alive }}) / (r + repeat_occasions)) - 1)
                ) as int
            )
    end
{%- endmacro %}

{# What the next occasion is expected to bring, as double: Gamma-Gamma with columns p, q and v. #}
{% macro expected_occasion_value() -%}
    p * (v + coalesce(value_occasions * cast(mean_occasion_value as double), 0)) / (p * value_occasions + q - 1)
{%- endmacro %}
