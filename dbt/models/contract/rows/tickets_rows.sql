{{ contract_rows('tickets', key=['ticket_id']) }}
