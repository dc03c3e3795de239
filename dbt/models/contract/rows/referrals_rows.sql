{{ contract_rows('referrals', key=['referral_id']) }}
