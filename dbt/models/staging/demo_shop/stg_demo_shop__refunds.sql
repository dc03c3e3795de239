-- staging/demo_shop/stg_demo_shop__refunds.sql: one row per version of a refund item
with refund_items as (

    select * from {{ raw('demo_shop', 'refund_items') }}

),

refunds as (

    select * from {{ raw('demo_shop', 'refunds') }}

),

newest_refunds as (

    select * from {{ newest('refunds', ['id'], 'updated_at') }}

),

-- Merchandise without its tax; shipping is wholly other.
split_cents as (

    select
        *,
        case when kind = 'shipping' then 0 else amount_cents - tax_cents end as merchandise_cents

    from refund_items

),

final as (

    select
        cast(refund_items.id as string) as refund_id,
        cast(refunds.order_id as string) as order_id,
        cast(refund_items.order_item_id as string) as order_line_id,
        cast(refund_items.quantity as decimal(18, 4)) as quantity,
        {{ hundredths('refund_items.merchandise_cents') }} as amount,
        {{ hundredths('refund_items.amount_cents - refund_items.merchandise_cents') }} as other_amount,
        {{ utc_timestamp('refunds.refunded_at') }} as refunded_at,
        {{ utc_timestamp('refund_items.updated_at') }} as updated_at,
        refund_items.source_system,
        refund_items._raw_table,
        refund_items._loaded_at,
        refund_items._as_of,
        refund_items._is_deleted

    from split_cents as refund_items
    left join newest_refunds as refunds
        on refunds.source_system = refund_items.source_system
        and refunds.id = refund_items.refund_id

)

select * from final
