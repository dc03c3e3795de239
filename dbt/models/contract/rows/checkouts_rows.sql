{{ contract_rows('checkouts', key=['checkout_id']) }}
