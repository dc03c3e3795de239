{{ contract_outcome('categories', 'kept') }}
