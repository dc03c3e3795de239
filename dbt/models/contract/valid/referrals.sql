{{ contract_outcome('referrals', 'kept') }}
