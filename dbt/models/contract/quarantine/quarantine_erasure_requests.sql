{{ contract_outcome('erasure_requests', 'quarantined') }}
