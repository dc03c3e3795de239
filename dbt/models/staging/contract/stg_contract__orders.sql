-- staging/contract/stg_contract__orders.sql: one row per raw row of orders
{{ contract_shaped('orders') }}
