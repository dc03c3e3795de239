-- one row per customer with a message event by the as-of date: received, opened by a person, clicked
{%- set windows = var('message_windows_days') %}
with messages as (

    select
        *,
        {{ days_between(as_of_date(), 'occurred_date') }} as days_since

    from {{ ref('fct_message') }}
    where customer_key is not null and occurred_date <= {{ as_of_date() }}

),

final as (

    select
        customer_key,
        {%- for days in windows %}
        {%- for measure, condition in [
            ('received', "event_type = 'delivered'"),
            ('opened', "event_type = 'opened' and not is_machine"),
            ('clicked', "event_type = 'clicked' and not is_machine"),
        ] %}
        cast(sum(case when days_since < {{ days }} and {{ condition }} then 1 else 0 end) as bigint)
            as messages_{{ measure }}_{{ days }}d,
        {%- endfor %}
        {%- endfor %}
        max(case when event_type = 'clicked' and not is_machine then occurred_date end) as last_click_date,
        max(case when event_type = 'bounced' then 1 else 0 end) = 1 as has_bounced

    from messages
    group by customer_key

)

select * from final
