{{ contract_rows('orders', key=['order_id'], priced=true, rate_at='ordered_at') }}
