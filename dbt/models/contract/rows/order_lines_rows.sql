{{ contract_rows('order_lines', key=['order_line_id'], parent=('orders', 'order_id'), priced=true, needs_one_of=[['unit_price', 'gross_amount']]) }}
