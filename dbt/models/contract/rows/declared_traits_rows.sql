{{ contract_rows(
    'declared_traits',
    key=['contact_id', 'customer_id', 'trait', 'value'],
    needs_one_of=[['contact_id', 'customer_id']],
    faults=[{
        'reason': 'refused_trait',
        'condition': "trait in ('" ~ var('refused_traits') | join("', '") ~ "')",
        'withholds': 'value'
    }]
) }}
