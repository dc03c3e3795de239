{{ contract_rows('favourites', key=['customer_id', 'product_id']) }}
