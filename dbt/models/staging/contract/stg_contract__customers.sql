-- staging/contract/stg_contract__customers.sql: one row per raw row of customers
{{ contract_shaped('customers') }}
