-- one row per basket
with transactions as (

    select * from {{ ref('int_complete_journey__transactions') }}

),

newest_transactions as (

    select * from {{ newest('transactions', ['line_id']) }}

),

final as (

    select
        source_system,
        basket_id as order_id,
        max(household_id) as customer_id,
        min(bought_at) as ordered_at,
        'fulfilled' as status,
        'USD' as currency,
        {{ money('sum(sales_amount)') }} as total_amount,
        {{ money('sum(coupon_payment_amount)') }} as voucher_amount,
        'store' as channel,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from newest_transactions
    group by source_system, basket_id

)

select * from final
