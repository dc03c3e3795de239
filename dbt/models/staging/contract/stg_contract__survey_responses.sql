-- staging/contract/stg_contract__survey_responses.sql: one row per raw row of survey_responses
{{ contract_shaped('survey_responses') }}
