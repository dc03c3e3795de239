{{ contract_outcome('declared_traits', 'kept') }}
