{{ contract_rows('customers', key=['customer_id']) }}
