{{ contract_rows('contacts', key=['contact_id']) }}
