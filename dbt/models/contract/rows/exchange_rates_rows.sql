{{ contract_rows('exchange_rates', key=['from_currency', 'to_currency', 'rate_date']) }}
