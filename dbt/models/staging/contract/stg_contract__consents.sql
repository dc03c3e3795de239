-- staging/contract/stg_contract__consents.sql: one row per raw row of consents
{{ contract_shaped('consents') }}
