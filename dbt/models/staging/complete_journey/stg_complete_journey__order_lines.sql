-- one row per raw row of transactions
with transactions as (

    select * from {{ ref('int_complete_journey__transactions') }}

),

final as (

    select
        line_id as order_line_id,
        basket_id as order_id,
        product_id,
        product_id as sku,
        quantity,
        {{ money('sales_amount + discount_amount') }} as gross_amount,
        discount_amount,
        true as is_merchandise,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from transactions

)

select * from final
