{{ contract_outcome('consents', 'kept') }}
