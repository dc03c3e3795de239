{{ contract_rows('categories', key=['category_id']) }}
