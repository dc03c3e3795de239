{{ contract_outcome('orders', 'quarantined') }}
