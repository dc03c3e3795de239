-- one row per customer with a word on consent: per channel the last by the as-of date, and since; a withdrawal wins
with consents as (

    select
        {{ contacted_record_key() }} as record_key,
        channel,
        status,
        occurred_at

    from {{ ref('consents') }}
    where not is_deleted

),

messages as (

    select
        *,
        {{ contacted_record_key() }} as record_key

    from {{ ref('messages') }}
    where not is_deleted and event_type in ('unsubscribed', 'complained')

),

campaigns as (

    select * from {{ ref('campaigns') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

objections as (

    select
        messages.record_key,
        case
            when lower(campaigns.channel) in ('{{ consent_channels() | join("', '") }}') then lower(campaigns.channel)
        end as channel,
        messages.occurred_at

    from messages
    left join campaigns
        on campaigns.source_system = messages.source_system
        and campaigns.campaign_id = messages.campaign_id

),

-- who unsubscribes or complains withdraws the message's channel, and every channel where that is none that we know
words as (

    select * from consents
    {%- for channel in consent_channels() %}

    union all

    select record_key, '{{ channel }}', 'withdrawn', occurred_at
    from objections
    where coalesce(channel, '{{ channel }}') = '{{ channel }}'
    {%- endfor %}

),

dated as (

    select
        *,
        {{ business_date('occurred_at') }} > {{ as_of_date() }} as is_since

    from words

),

-- the last word of each record by the date, and since; of two at one moment the withdrawal
last_words as (

    select
        *,
        row_number() over (
            partition by record_key, channel, is_since
            order by occurred_at desc nulls last, status desc nulls last
        ) as word_number

    from dated

),

final as (

    select
        identity.customer_key,
        {%- for channel in consent_channels() %}
        max(case when last_words.channel = '{{ channel }}' and not last_words.is_since then last_words.status end)
            as {{ channel }}_consent,
        max(case when last_words.channel = '{{ channel }}' and last_words.is_since then last_words.status end)
            as {{ channel }}_consent_since {{- ',' if not loop.last }}
        {%- endfor %}

    from last_words
    inner join identity on identity.record_key = last_words.record_key
    where last_words.word_number = 1
    group by identity.customer_key

)

select * from final
