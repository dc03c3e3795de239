-- staging/contract/stg_contract__browse_events.sql: one row per raw row of browse_events
{{ contract_shaped('browse_events') }}
