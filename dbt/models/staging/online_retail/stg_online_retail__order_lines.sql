-- one row per raw row of an invoice that is no return
with invoice_lines as (

    select * from {{ ref('int_online_retail__invoice_lines') }}

),

final as (

    select
        line_id as order_line_id,
        invoice_no as order_id,
        product_id,
        product_id as sku,
        title,
        quantity,
        unit_price,
        amount as gross_amount,
        is_merchandise,
        reject_reason,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from invoice_lines
    where not is_return

)

select * from final
