-- one row per raw row of transactions, money exact
with source as (

    select * from {{ raw('complete_journey', 'transactions') }}

),

final as (

    select
        cast(basket_id as string) as basket_id,
        cast(product_id as string) as product_id,
        cast(household_id as string) as household_id,
        cast(basket_id as string) || '-' || cast(product_id as string) as line_id,
        {{ utc_timestamp('transaction_timestamp') }} as bought_at,
        quantity,
        {{ money('sales_value') }} as sales_amount,
        {{ money(money('retail_disc') ~ ' + ' ~ money('coupon_match_disc')) }} as discount_amount,
        {{ money('coupon_disc') }} as coupon_payment_amount,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from source

)

select * from final
