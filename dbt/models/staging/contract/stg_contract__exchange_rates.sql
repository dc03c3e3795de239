-- staging/contract/stg_contract__exchange_rates.sql: one row per raw row of exchange_rates
{{ contract_shaped('exchange_rates') }}
