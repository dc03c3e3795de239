{{ contract_outcome('order_lines', 'quarantined') }}
