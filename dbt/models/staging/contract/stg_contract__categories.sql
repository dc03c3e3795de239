-- staging/contract/stg_contract__categories.sql: one row per raw row of categories
{{ contract_shaped('categories') }}
