{{ contract_outcome('order_lines', 'kept') }}
