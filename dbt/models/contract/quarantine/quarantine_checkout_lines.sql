{{ contract_outcome('checkout_lines', 'quarantined') }}
