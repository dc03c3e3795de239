-- staging/vendure/int_vendure__refund_lines.sql: one row per version of a refunded line, with what was paid back for it
with reference_rows as (

    select * from {{ raw('vendure', 'order_line_reference') }}
    where discriminator = 'RefundLine'

),

refunds as (

    select * from {{ ref('int_vendure__refunds') }}

),

order_lines as (

    select * from {{ ref('int_vendure__order_lines') }}

),

newest_refunds as (

    select * from {{ newest('refunds', ['id'], 'updated_at') }}

),

newest_order_lines as (

    select * from {{ newest('order_lines', ['id'], 'updated_at') }}

),

-- what the pieces cost, tax included
valued as (

    select
        reference_rows.*,
        refunds.order_id,
        refunds.refunded_at,
        refunds.amount as refund_amount,
        coalesce(
            cast(order_lines.net_amount as double) / nullif(cast(order_lines.paid_amount as double), 0), 0
        ) as net_share,
        round(
            cast(order_lines.paid_amount as double) * reference_rows.quantity
            / cast(nullif(order_lines.quantity, 0) as double),
            2
        ) as value

    from reference_rows
    left join newest_refunds as refunds
        on refunds.source_system = reference_rows.source_system
        and refunds.id = reference_rows.refundId
    left join newest_order_lines as order_lines
        on order_lines.source_system = reference_rows.source_system
        and order_lines.id = reference_rows.orderLineId

),

newest_valued as (

    select * from {{ newest('valued', ['id'], 'updatedAt') }}

),

listed as (

    select
        source_system,
        refundId,
        sum(value) as value

    from newest_valued
    where not _is_deleted
    group by source_system, refundId

),

-- a refund of less than its lines cost pays back that share of each
paid_back as (

    select
        valued.*,
        round(
            valued.value * least(1, coalesce(cast(valued.refund_amount as double) / nullif(listed.value, 0), 0)), 2
        ) as amount

    from valued
    left join listed
        on listed.source_system = valued.source_system
        and listed.refundId = valued.refundId

),

final as (

    select
        id,
        refundId as refund_id,
        order_id,
        orderLineId as order_line_id,
        quantity,
        refunded_at,
        {{ money('amount') }} as amount,
        {{ money('round(amount * net_share, 2)') }} as merchandise,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from paid_back

)

select * from final
