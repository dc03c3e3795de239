{{ contract_outcome('favourites', 'quarantined') }}
