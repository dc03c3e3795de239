{{ contract_outcome('tickets', 'kept') }}
