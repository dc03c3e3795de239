{{ contract_rows('browse_events', key=['event_id']) }}
