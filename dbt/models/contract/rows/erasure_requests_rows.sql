{{ contract_rows('erasure_requests', key=['request_id'], needs_one_of=[['email', 'phone', 'customer_id', 'contact_id']]) }}
