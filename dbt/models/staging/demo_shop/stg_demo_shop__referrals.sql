-- staging/demo_shop/stg_demo_shop__referrals.sql: one row per version of a referral
with referrals as (

    select * from {{ raw('demo_shop', 'referrals') }}

),

final as (

    select
        cast(id as string) as referral_id,
        cast(referrer_id as string) as referrer_customer_id,
        cast(invitee_id as string) as referred_customer_id,
        cast(invitee_order_id as string) as referred_order_id,
        {{ utc_timestamp('created_at') }} as referred_at,
        {{ utc_timestamp('updated_at') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from referrals

)

select * from final
