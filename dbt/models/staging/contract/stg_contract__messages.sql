-- staging/contract/stg_contract__messages.sql: one row per raw row of messages
{{ contract_shaped('messages') }}
