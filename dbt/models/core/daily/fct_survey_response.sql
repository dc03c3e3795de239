-- one row per answer to a survey
with survey_responses as (

    select
        *,
        {{ contacted_record_key() }} as record_key

    from {{ ref('survey_responses') }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        {{ hash_key(['survey_responses.source_system', 'survey_responses.response_id']) }} as survey_response_key,
        identity.customer_key,
        survey_responses.source_system,
        survey_responses.response_id,
        survey_responses.survey_type,
        survey_responses.score,
        survey_responses.answered_at,
        {{ business_date('survey_responses.answered_at') }} as answered_date

    from survey_responses
    left join identity on identity.record_key = survey_responses.record_key

)

select * from final
