{{ contract_outcome('campaigns', 'kept') }}
