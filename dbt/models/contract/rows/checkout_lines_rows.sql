{{ contract_rows('checkout_lines', key=['checkout_id', 'product_id'], parent=('checkouts', 'checkout_id')) }}
