{{ contract_outcome('survey_responses', 'kept') }}
