-- staging/contract/stg_contract__campaigns.sql: one row per raw row of campaigns
{{ contract_shaped('campaigns') }}
