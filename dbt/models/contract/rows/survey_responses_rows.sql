{{ contract_rows(
    'survey_responses',
    key=['response_id'],
    needs_one_of=[['contact_id', 'customer_id']],
    faults=[{
        'reason': 'invalid_score',
        'condition': "survey_type = 'nps' and score not between 0 and 10 or survey_type = 'csat' and score not between 1 and 5"
    }]
) }}
