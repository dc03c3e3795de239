-- staging/vendure/stg_vendure__order_lines.sql: one row per version of an order line, and of a surcharge on an order
with order_lines as (

    select * from {{ ref('int_vendure__order_lines') }}
    where not is_in_cart

),

surcharges as (

    select * from {{ raw('vendure', 'surcharge') }}

),

orders as (

    select * from {{ raw('vendure', 'order') }}

),

newest_orders as (

    select * from {{ newest('orders', ['id'], 'updatedAt') }}

),

priced_surcharges as (

    select
        *,
        {{ hundredths_excluding_tax(
            'listPrice',
            'case when listPriceIncludesTax then 100 * ' ~ json_sum('taxLines', 'taxRate') ~ ' end'
        ) }} as amount

    from surcharges

),

lines as (

    select
        cast(id as string) as order_line_id,
        cast(order_id as string) as order_id,
        cast(product_id as string) as product_id,
        sku,
        title,
        cast(quantity as decimal(18, 4)) as quantity,
        gross_amount,
        paid_amount - net_amount as tax_amount,
        gross_amount - net_amount as discount_amount,
        true as is_merchandise,
        updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from order_lines

),

-- a rebate is a negative surcharge
extras as (

    select
        'surcharge-' || cast(surcharges.id as string) as order_line_id,
        cast(surcharges.orderId as string) as order_id,
        cast(null as string) as product_id,
        {{ blank_to_null('surcharges.sku') }} as sku,
        {{ blank_to_null('surcharges.description') }} as title,
        cast(1 as decimal(18, 4)) as quantity,
        greatest(surcharges.amount, 0) as gross_amount,
        cast(null as decimal(18, 4)) as tax_amount,
        greatest(-surcharges.amount, 0) as discount_amount,
        false as is_merchandise,
        {{ utc_timestamp('surcharges.updatedAt') }} as updated_at,
        surcharges.source_system,
        cast(null as string) as _raw_table,
        surcharges._loaded_at,
        surcharges._as_of,
        surcharges._is_deleted

    from priced_surcharges as surcharges
    inner join newest_orders as orders
        on orders.source_system = surcharges.source_system
        and orders.id = surcharges.orderId
    where orders.orderPlacedAt is not null

),

final as (

    select * from lines

    union all

    select * from extras

)

select * from final
