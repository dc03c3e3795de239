-- one row per as-of date: which kinds of fact the shop's data hold at all; without any, what is counted is unknown, not 0
{%- set facts = [
    ('checkouts', 'fct_checkout', 'started_date'),
    ('messages', 'fct_message', 'occurred_date'),
    ('browse_events', 'fct_browse_event', 'occurred_date'),
    ('favourites', 'fct_favourite', 'added_date'),
    ('reviews', 'fct_review', 'reviewed_date'),
    ('referrals', 'fct_referral', 'referred_date'),
    ('survey_responses', 'fct_survey_response', 'answered_date'),
    ('tickets', 'fct_ticket', 'opened_date'),
] %}
with final as (

    select
        {{ as_of_date() }} as as_of_date
        {%- for name, relation, happened_date in facts %},
        (select count(*) from {{ ref(relation) }} where {{ happened_date }} <= {{ as_of_date() }}) > 0 as has_{{ name }}
        {%- endfor %}

)

select * from final
