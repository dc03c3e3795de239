{{ contract_outcome('browse_events', 'quarantined') }}
