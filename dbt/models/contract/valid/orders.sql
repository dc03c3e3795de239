{{ contract_outcome('orders', 'kept') }}
