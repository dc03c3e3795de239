-- staging/vendure/stg_vendure__refunds.sql: one row per version of a refunded line, and of the rest of a refund
with refunds as (

    select * from {{ ref('int_vendure__refunds') }}

),

refund_lines as (

    select * from {{ ref('int_vendure__refund_lines') }}

),

order_lines as (

    select * from {{ ref('int_vendure__order_lines') }}

),

payments as (

    select * from {{ raw('vendure', 'payment') }}

),

newest_refunds as (

    select * from {{ newest('refunds', ['id'], 'updated_at') }}

),

newest_refund_lines as (

    select * from {{ newest('refund_lines', ['id'], 'updated_at') }}

),

newest_order_lines as (

    select * from {{ newest('order_lines', ['id'], 'updated_at') }}

),

newest_payments as (

    select * from {{ newest('payments', ['id'], 'updatedAt') }}

),

listed as (

    select
        source_system,
        refund_id,
        sum(amount) as amount,
        sum(merchandise) as merchandise

    from newest_refund_lines
    where not _is_deleted
    group by source_system, refund_id

),

-- refunds that list lines: the rest of theirs is shipping or the like
listed_by_order as (

    select
        refunds.source_system,
        refunds.order_id,
        sum(refunds.amount) as amount,
        sum(listed.merchandise) as merchandise

    from newest_refunds as refunds
    inner join listed
        on listed.source_system = refunds.source_system
        and listed.refund_id = refunds.id
    where not refunds._is_deleted
    group by refunds.source_system, refunds.order_id

),

bought as (

    select
        source_system,
        order_id,
        sum(net_amount) as merchandise

    from newest_order_lines
    where not _is_deleted
    group by source_system, order_id

),

paid as (

    select
        source_system,
        orderId as order_id,
        {{ hundredths('sum(amount)') }} as amount

    from newest_payments
    where state = 'Settled' and not _is_deleted
    group by source_system, orderId

),

-- what of an order they leave; a cancelled order's own totals are those after the cancellation
remaining as (

    select
        paid.source_system,
        paid.order_id,
        paid.amount - coalesce(listed_by_order.amount, 0) as total_left,
        bought.merchandise - coalesce(listed_by_order.merchandise, 0) as merchandise_left

    from paid
    left join bought
        on bought.source_system = paid.source_system
        and bought.order_id = paid.order_id
    left join listed_by_order
        on listed_by_order.source_system = paid.source_system
        and listed_by_order.order_id = paid.order_id

),

divided as (

    select
        refunds.*,
        refunds.amount - coalesce(listed.amount, 0) as rest_amount,
        case
            when listed.refund_id is not null then 0
            else {{ merchandise_part('refunds.amount', 'remaining.merchandise_left', 'remaining.total_left') }}
        end as rest_merchandise

    from refunds
    left join listed
        on listed.source_system = refunds.source_system
        and listed.refund_id = refunds.id
    left join remaining
        on remaining.source_system = refunds.source_system
        and remaining.order_id = refunds.order_id

),

refunded_lines as (

    select
        'line-' || cast(id as string) as refund_id,
        cast(order_id as string) as order_id,
        cast(order_line_id as string) as order_line_id,
        cast(quantity as decimal(18, 4)) as quantity,
        merchandise as amount,
        amount - merchandise as other_amount,
        refunded_at,
        updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from refund_lines

),

rests as (

    select
        'rest-' || cast(id as string) as refund_id,
        cast(order_id as string) as order_id,
        cast(null as string) as order_line_id,
        cast(null as decimal(18, 4)) as quantity,
        {{ money('rest_merchandise') }} as amount,
        {{ money('rest_amount') }} - {{ money('rest_merchandise') }} as other_amount,
        refunded_at,
        updated_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from divided

),

final as (

    select * from refunded_lines

    union all

    select * from rests

)

select * from final
