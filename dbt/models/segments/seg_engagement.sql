-- one row per customer: how lately they clicked, visited or ordered, and by which channels they may be written to
{%- set tiers = var('engagement_tiers_days') %}
with customers as (

    select * from {{ ref('fct_customer') }}

),

measured as (

    select
        *,
        {{ days_between('as_of_date', 'last_engagement_date') }} as days_since_engagement

    from customers

),

final as (

    select
        customer_key,
        as_of_date,
        last_engagement_date,
        days_since_engagement,
        cast(
            case
                {%- for days in tiers %}
                when days_since_engagement < {{ days }} then {{ loop.index }}
                {%- endfor %}
            end as int
        ) as engagement_tier,
        case
            {%- for days in tiers %}
            when days_since_engagement < {{ days }} then 'within {{ days }} days'
            {%- endfor %}
            else 'unengaged'
        end as engagement_group,
        case
            when messages_received_{{ var('sunset_days') }}d is not null
                then
                    messages_received_{{ var('sunset_days') }}d >= {{ var('sunset_min_messages') }}
                    and messages_opened_{{ var('sunset_days') }}d = 0
                    and messages_clicked_{{ var('sunset_days') }}d = 0
                    and coalesce(days_since_last_order >= {{ var('sunset_order_days') }}, true)
        end as is_sunset_candidate,
        {%- for channel in consent_channels() %}
        coalesce({{ channel }}_consent = 'granted', false)
        {%- if channel == 'email' %}
        and not coalesce(has_bounced, false)
        {%- endif %} as is_contactable_by_{{ channel }} {{- ',' if not loop.last }}
        {%- endfor %}

    from measured

)

select * from final
