{{ contract_outcome('refunds', 'quarantined') }}
