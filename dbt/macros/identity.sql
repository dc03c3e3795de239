{# Who a row names and what it shares with other rows: the keys of identity (models/core/identity/ links them). #}

{# An e-mail address as identity compares it: without white space around it, lower case; NULL where it is none. #}
{% macro normalised_email(value) -%}
    {%- set trimmed = "trim(both ' ' || chr(9) || chr(10) || chr(13) || chr(160) from " ~ value ~ ")" -%}
    case when {{ trimmed }} like '%_@_%' then lower({{ trimmed }}) end
{%- endmacro %}

{# A phone number as a row writes it. What number that is depends on the row's country (int_identity_phone). #}
{% macro phone_key(phone, country) -%}
    case when {{ phone }} is not null then {{ hash_key(["'phone'", phone, country]) }} end
{%- endmacro %}

{% macro customer_record_key(source_system, customer_id) -%}
    {{ hash_key(["'customer'", source_system, customer_id]) }}
{%- endmacro %}

{% macro contact_record_key(source_system, contact_id) -%}
    {{ hash_key(["'contact'", source_system, contact_id]) }}
{%- endmacro %}

{#
  The record that an order or cart names: a shop customer or, for a guest, what the guest gave, an e-mail, a phone or
  both. `country` is the row's, as SQL. A phone that is no valid number, alone, makes a key that no record has.
#}
{% macro person_record_key(alias, country) -%}
    case
        when {{ alias }}.customer_id is not null
            then {{ customer_record_key(alias ~ '.source_system', alias ~ '.customer_id') }}
        when {{ normalised_email(alias ~ '.email') }} is not null or {{ alias }}.phone is not null
            then {{ hash_key(["'guest'", normalised_email(alias ~ '.email'), phone_key(alias ~ '.phone', country)]) }}
    end
{%- endmacro %}

{# The shop's customer record that a contact names; NULL where it is not known which shop its CRM means. #}
{% macro named_customer_record_key(alias) -%}
    coalesce(
        {%- for system in var('systems', []) if system.shop %}
        case
            when {{ alias }}.source_system = '{{ system.name }}' and {{ alias }}.shop_customer_id is not null
                then {{ customer_record_key("'" ~ system.shop ~ "'", alias ~ '.shop_customer_id') }}
        end,
        {%- endfor %}
        cast(null as string)
    )
{%- endmacro %}

{# The system whose customer ids a row names: the shop that its system is configured with, else its own. #}
{% macro customer_system(source_system) -%}
    coalesce(
        {%- for system in var('systems', []) if system.shop %}
        case when {{ source_system }} = '{{ system.name }}' then '{{ system.shop }}' end,
        {%- endfor %}
        {{ source_system }}
    )
{%- endmacro %}

{# The identity record of a row that names a contact or, where there is none, a shop customer. #}
{% macro contacted_record_key() -%}
    case
        when contact_id is not null then {{ contact_record_key('source_system', 'contact_id') }}
        else {{ customer_record_key(customer_system('source_system'), 'customer_id') }}
    end
{%- endmacro %}
