-- staging/demo_crm/stg_demo_crm__survey_responses.sql: one row per version of an answer to a survey
with feedback_submissions as (

    select * from {{ raw('demo_crm', 'feedback_submissions') }}

),

final as (

    select
        id as response_id,
        {{ blank_to_null(json_text('properties', 'contact_id')) }} as contact_id,
        lower({{ blank_to_null(json_text('properties', 'hs_survey_type')) }}) as survey_type,
        cast({{ blank_to_null(json_text('properties', 'hs_value')) }} as int) as score,
        {{ utc_timestamp(json_text('properties', 'hs_submission_timestamp')) }} as answered_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from feedback_submissions

)

select * from final
