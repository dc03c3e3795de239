{{ contract_outcome('campaigns', 'quarantined') }}
