-- one row per referral, with who referred, who was referred and the order that came of it
with referrals as (

    select
        *,
        {{ customer_record_key('source_system', 'referrer_customer_id') }} as referrer_record_key,
        {{ customer_record_key('source_system', 'referred_customer_id') }} as referred_record_key,
        {{ hash_key(['source_system', 'referred_order_id']) }} as order_key

    from {{ ref('referrals') }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

orders as (

    select * from {{ ref('int_order') }}

),

final as (

    select
        {{ hash_key(['referrals.source_system', 'referrals.referral_id']) }} as referral_key,
        referrers.customer_key,
        referred.customer_key as referred_customer_key,
        referrals.source_system,
        referrals.referral_id,
        orders.order_key as referred_order_key,
        referrals.referred_at,
        {{ business_date('referrals.referred_at') }} as referred_date,
        case when not orders.never_posts then orders.order_date end as ordered_date,
        orders.invalid_from

    from referrals
    left join identity as referrers on referrers.record_key = referrals.referrer_record_key
    left join identity as referred on referred.record_key = referrals.referred_record_key
    left join orders on orders.order_key = referrals.order_key

)

select * from final
