{{ contract_outcome('customers', 'kept') }}
