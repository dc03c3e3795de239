{{ contract_outcome('checkouts', 'kept') }}
