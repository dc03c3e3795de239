{{ contract_rows('products', key=['product_id']) }}
