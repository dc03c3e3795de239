{{ contract_outcome('browse_events', 'kept') }}
