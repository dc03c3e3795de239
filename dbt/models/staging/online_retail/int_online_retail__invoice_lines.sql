-- one row per raw row, typed and told apart by kind
with source as (

    select * from {{ raw('online_retail', 'invoice_lines') }}

),

fee_codes as (

    select * from {{ ref('online_retail_fee_codes') }}

),

typed as (

    select
        -- The price enters the hash as a decimal, whose text is the same on every engine.
        {{ hash_key([
            'InvoiceNo', 'StockCode', 'Description', 'Quantity', 'InvoiceDate', money('UnitPrice'),
            'CustomerID', 'Country',
        ]) }} as line_id,
        trim(InvoiceNo) as invoice_no,
        upper(trim(StockCode)) as product_id,
        {{ blank_to_null('Description') }} as title,
        Quantity as quantity,
        {{ money('UnitPrice') }} as unit_price,
        {{ money('Quantity * ' ~ money('UnitPrice')) }} as amount,
        {{ local_to_utc('InvoiceDate', 'Europe/London') }} as invoiced_at,
        cast(cast(CustomerID as bigint) as string) as customer_id,
        nullif({{ blank_to_null('Country') }}, 'Unspecified') as country,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from source

),

product_ids as (

    select distinct product_id from typed

),

fee_product_ids as (

    select distinct product_ids.product_id
    from product_ids
    inner join fee_codes
        on product_ids.product_id = fee_codes.code
        or (
            fee_codes.match_kind = 'prefix'
            and left(product_ids.product_id, length(fee_codes.code)) = fee_codes.code
        )

),

final as (

    select
        typed.*,
        left(typed.invoice_no, 1) = 'C' as is_return,
        fee_product_ids.product_id is null as is_merchandise,
        case
            when left(typed.invoice_no, 1) = 'A' then 'bad_debt'
            when left(typed.invoice_no, 1) <> 'C' and typed.unit_price = 0 and typed.quantity < 0
                then 'stock_adjustment'
        end as reject_reason

    from typed
    left join fee_product_ids on fee_product_ids.product_id = typed.product_id

)

select * from final
