{{ contract_outcome('consents', 'quarantined') }}
