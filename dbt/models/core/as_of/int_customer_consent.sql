-- one row per customer with a consent event by the as-of date: per channel granted or withdrawn, a withdrawal wins
with consents as (

    select
        *,
        {{ contacted_record_key() }} as record_key

    from {{ ref('consents') }}
    where not is_deleted and {{ business_date('occurred_at') }} <= {{ as_of_date() }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

-- the last word of each record; of two at one moment the withdrawal
last_words as (

    select
        *,
        row_number() over (
            partition by record_key, channel
            order by occurred_at desc nulls last, status desc nulls last, row_hash nulls last
        ) as word_number

    from consents

),

final as (

    select
        identity.customer_key,
        {%- for channel in ['email', 'sms', 'push', 'ads', 'post'] %}
        max(case when last_words.channel = '{{ channel }}' then last_words.status end) as {{ channel }}_consent
        {{- ',' if not loop.last }}
        {%- endfor %}

    from last_words
    inner join identity on identity.record_key = last_words.record_key
    where last_words.word_number = 1
    group by identity.customer_key

)

select * from final
