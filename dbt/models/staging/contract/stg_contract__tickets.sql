-- staging/contract/stg_contract__tickets.sql: one row per raw row of tickets
{{ contract_shaped('tickets') }}
