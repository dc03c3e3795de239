-- staging/contract/stg_contract__declared_traits.sql: one row per raw row of declared_traits
{{ contract_shaped('declared_traits') }}
