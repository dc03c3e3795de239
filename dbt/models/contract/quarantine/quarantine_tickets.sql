{{ contract_outcome('tickets', 'quarantined') }}
