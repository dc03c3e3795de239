-- staging/contract/stg_contract__order_lines.sql: one row per raw row of order_lines
{{ contract_shaped('order_lines') }}
