{{ contract_rows('messages', key=['message_event_id'], needs_one_of=[['contact_id', 'customer_id']]) }}
