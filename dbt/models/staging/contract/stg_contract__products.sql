-- staging/contract/stg_contract__products.sql: one row per raw row of products
{{ contract_shaped('products') }}
