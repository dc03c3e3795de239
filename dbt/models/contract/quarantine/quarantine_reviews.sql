{{ contract_outcome('reviews', 'quarantined') }}
