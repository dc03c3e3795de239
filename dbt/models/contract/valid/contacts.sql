{{ contract_outcome('contacts', 'kept') }}
