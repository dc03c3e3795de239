{{ contract_outcome('reviews', 'kept') }}
