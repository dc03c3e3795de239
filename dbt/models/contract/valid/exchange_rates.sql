{{ contract_outcome('exchange_rates', 'kept') }}
