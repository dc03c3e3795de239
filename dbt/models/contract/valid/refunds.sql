{{ contract_outcome('refunds', 'kept') }}
