{{ contract_outcome('declared_traits', 'quarantined') }}
