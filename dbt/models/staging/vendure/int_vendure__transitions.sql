-- staging/vendure/int_vendure__transitions.sql: one row per order or refund and state, when it first came into it
with history as (

    select * from {{ raw('vendure', 'history_entry') }}

),

newest_history as (

    select * from {{ newest('history', ['id'], 'updatedAt') }}

),

final as (

    select
        source_system,
        orderId as order_id,
        {{ json_text('data', 'refundId') }} as refund_id,
        {{ json_text('data', 'to') }} as state,
        min({{ utc_timestamp('createdAt') }}) as occurred_at

    from newest_history
    where type in ('ORDER_STATE_TRANSITION', 'ORDER_REFUND_TRANSITION')
    group by source_system, orderId, {{ json_text('data', 'refundId') }}, {{ json_text('data', 'to') }}

)

select * from final
