-- staging/contract/stg_contract__favourites.sql: one row per raw row of favourites
{{ contract_shaped('favourites') }}
