{{ contract_outcome('survey_responses', 'quarantined') }}
