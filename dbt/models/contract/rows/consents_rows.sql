{{ contract_rows('consents', key=['contact_id', 'customer_id', 'channel', 'occurred_at'], needs_one_of=[['contact_id', 'customer_id']]) }}
