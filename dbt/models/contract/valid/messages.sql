{{ contract_outcome('messages', 'kept') }}
