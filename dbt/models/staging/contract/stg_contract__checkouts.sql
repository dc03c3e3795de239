-- staging/contract/stg_contract__checkouts.sql: one row per raw row of checkouts
{{ contract_shaped('checkouts') }}
