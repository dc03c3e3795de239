-- staging/contract/stg_contract__erasure_requests.sql: one row per raw row of erasure_requests
{{ contract_shaped('erasure_requests') }}
