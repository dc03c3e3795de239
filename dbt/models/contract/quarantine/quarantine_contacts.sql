{{ contract_outcome('contacts', 'quarantined') }}
