{{ contract_outcome('products', 'kept') }}
