{{ contract_outcome('checkout_lines', 'kept') }}
