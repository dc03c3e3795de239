{{ contract_outcome('products', 'quarantined') }}
