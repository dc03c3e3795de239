{{ contract_outcome('favourites', 'kept') }}
