{# Names of tiers whose thresholds are lists in vars. #}

{# The value tier of a rank: 1 is the best; the rank after the last tier is everybody else with revenue. #}
{% macro value_tier_name(rank) -%}
    {%- set tiers = var('value_tiers') -%}
    case {{ rank }}
        {%- for tier in tiers %}
        when {{ loop.index }} then '{{ tier.name }}'
        {%- endfor %}
        when {{ tiers | length + 1 }} then '{{ var("value_tier_rest") }}'
    end
{%- endmacro %}

{# The first support tier whose minimum the revenue reaches. #}
{% macro support_tier_name(net_revenue) -%}
    case
        {%- for tier in var('support_tiers') %}
        when {{ net_revenue }} >= {{ tier.minimum_net_revenue }} then '{{ tier.name }}'
        {%- endfor %}
        else '{{ var("support_tier_rest") }}'
    end
{%- endmacro %}

{# The first price tier whose highest rank the rank does not exceed; NULL without a rank. #}
{% macro price_tier_name(price_rank) -%}
    case
        when {{ price_rank }} is null then null
        {%- for tier in var('price_tiers') %}
        when {{ price_rank }} <= {{ tier.maximum_rank }} then '{{ tier.name }}'
        {%- endfor %}
        else '{{ var("price_tier_rest") }}'
    end
{%- endmacro %}

{# The bucket of an age in days: a list of {name, days}, youngest first, each up to that many days; else NULL. #}
{% macro age_bucket(age_days, buckets) -%}
    case
        {%- for bucket in buckets %}
        when {{ age_days }} < {{ bucket.days }} then '{{ bucket.name }}'
        {%- endfor %}
    end
{%- endmacro %}
