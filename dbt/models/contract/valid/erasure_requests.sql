{{ contract_outcome('erasure_requests', 'kept') }}
