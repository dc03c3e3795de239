-- one row per invoice that is no return
with invoice_lines as (

    select * from {{ ref('int_online_retail__invoice_lines') }}

),

distinct_lines as (

    select * from {{ newest('invoice_lines', ['line_id']) }}

),

final as (

    select
        source_system,
        invoice_no as order_id,
        max(customer_id) as customer_id,
        -- 42 orders (and one return) bear two times, a minute apart.
        min(invoiced_at) as ordered_at,
        'fulfilled' as status,
        'GBP' as currency,
        {{ money('sum(amount)') }} as total_amount,
        max(country) as country,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from distinct_lines
    where not is_return and reject_reason is null
    group by source_system, invoice_no

)

select * from final
