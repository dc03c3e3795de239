{{ contract_rows('refunds', key=['refund_id'], parent=('orders', 'order_id'), priced=true, rate_at='refunded_at', needs_one_of=[['order_id', 'currency']]) }}
