{{ contract_rows('checkout_lines', key=['checkout_id', 'product_id', 'checkout_line_id'], parent=('checkouts', 'checkout_id')) }}
