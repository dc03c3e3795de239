{{ contract_outcome('customers', 'quarantined') }}
