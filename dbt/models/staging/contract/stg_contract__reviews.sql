-- staging/contract/stg_contract__reviews.sql: one row per raw row of reviews
{{ contract_shaped('reviews') }}
