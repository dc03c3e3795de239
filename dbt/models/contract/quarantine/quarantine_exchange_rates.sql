{{ contract_outcome('exchange_rates', 'quarantined') }}
