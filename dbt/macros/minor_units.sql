{# Money of systems that count in hundredths: exact to the cent on every engine. #}

{# Hundredths as an amount. #}
{% macro hundredths(cents) -%}
    cast(cast({{ cents }} as decimal(18, 0)) * 0.01 as decimal(18, 4))
{%- endmacro %}

{# Hundredths that include tax as an amount without it, rounded to the cent; the rate is in basis points. #}
{% macro hundredths_excluding_tax(cents, tax_rate_bp) -%}
    {{ hundredths('round(cast(' ~ cents ~ ' as double) * 10000 / (10000 + coalesce(' ~ tax_rate_bp ~ ', 0)), 0)') }}
{%- endmacro %}

{# Hundredths without tax as an amount with it, likewise. #}
{% macro hundredths_including_tax(cents, tax_rate_bp) -%}
    {{ hundredths('round(cast(' ~ cents ~ ' as double) * (10000 + coalesce(' ~ tax_rate_bp ~ ', 0)) / 10000, 0)') }}
{%- endmacro %}
