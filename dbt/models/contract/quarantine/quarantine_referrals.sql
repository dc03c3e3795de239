{{ contract_outcome('referrals', 'quarantined') }}
