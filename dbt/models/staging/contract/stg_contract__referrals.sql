-- staging/contract/stg_contract__referrals.sql: one row per raw row of referrals
{{ contract_shaped('referrals') }}
