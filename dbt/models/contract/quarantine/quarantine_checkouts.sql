{{ contract_outcome('checkouts', 'quarantined') }}
