{{ contract_outcome('messages', 'quarantined') }}
