-- staging/contract/stg_contract__contacts.sql: one row per raw row of contacts
{{ contract_shaped('contacts') }}
