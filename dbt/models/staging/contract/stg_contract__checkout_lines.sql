-- staging/contract/stg_contract__checkout_lines.sql: one row per raw row of checkout_lines
{{ contract_shaped('checkout_lines') }}
