{{ contract_outcome('categories', 'quarantined') }}
