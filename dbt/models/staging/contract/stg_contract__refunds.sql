-- staging/contract/stg_contract__refunds.sql: one row per raw row of refunds
{{ contract_shaped('refunds') }}
