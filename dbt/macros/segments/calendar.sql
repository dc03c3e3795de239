{# Birthdays: in a year without a 29 February, who was born on one has it on the 28th. #}

{# Month and day of a date as one number: 1231 for 31 December. #}
{% macro month_day(date) %}(extract(month from {{ date }}) * 100 + extract(day from {{ date }})){% endmacro %}

{# The last month and day of the birthdays that are had on a date: 229 on 28 February where no 29th follows. #}
{% macro birthday_of(date) -%}
    case
        when {{ month_day(date) }} = 228 and {{ month_day(add_days(date, 1)) }} = 301 then 229
        else {{ month_day(date) }}
    end
{%- endmacro %}

{# A month as a number that grows by one a month. #}
{% macro month_number(date) %}cast(extract(year from {{ date }}) * 12 + extract(month from {{ date }}) as int){% endmacro %}

{# Rows of one column `number`: 0 to 999. #}
{% macro numbers_below_1000() -%}
    select cast(hundreds.digit * 100 + tens.digit * 10 + ones.digit as int) as number
    {%- for place in ['ones', 'tens', 'hundreds'] %}
    {{ 'from' if loop.first else 'cross join' }} (
        {%- for digit in range(10) %}
        select {{ digit }} as digit {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as {{ place }}
    {%- endfor %}
{%- endmacro %}

{# Whole years since a birth date; NULL for a birth after the as-of date. #}
{% macro age_in_years(birth_date) -%}
    case
        when {{ birth_date }} <= {{ as_of_date() }}
            then cast(
                extract(year from {{ as_of_date() }}) - extract(year from {{ birth_date }})
                - case when {{ month_day(birth_date) }} > {{ birthday_of(as_of_date()) }} then 1 else 0 end as int
            )
    end
{%- endmacro %}

{# Days from the as-of date to the next birthday, where it is within the next `days`; else NULL. #}
{% macro days_until_birthday(birth_date, days) -%}
    case
        {%- for number in range(1, days + 1) %}
        {%- set day = add_days(as_of_date(), number) %}
        when {{ month_day(birth_date) }} in ({{ month_day(day) }}, {{ birthday_of(day) }}) then {{ number }}
        {%- endfor %}
    end
{%- endmacro %}
