{{ contract_rows('reviews', key=['review_id']) }}
