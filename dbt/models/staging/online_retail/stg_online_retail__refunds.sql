-- one row per raw row of a C invoice, an unlinked refund
with invoice_lines as (

    select * from {{ ref('int_online_retail__invoice_lines') }}

),

final as (

    select
        line_id as refund_id,
        customer_id,
        product_id,
        'GBP' as currency,
        case when is_merchandise then -quantity else 0 end as quantity,
        case when is_merchandise then -amount else {{ money(0) }} end as amount,
        case when is_merchandise then {{ money(0) }} else -amount end as other_amount,
        invoiced_at as refunded_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from invoice_lines
    where is_return

)

select * from final
