-- staging/vendure/int_vendure__refunds.sql: one row per version of a refund, with its order and what was paid back
with refunds as (

    select * from {{ raw('vendure', 'refund') }}

),

payments as (

    select * from {{ raw('vendure', 'payment') }}

),

transitions as (

    select * from {{ ref('int_vendure__transitions') }}

),

newest_payments as (

    select * from {{ newest('payments', ['id'], 'updatedAt') }}

),

-- one that is pending or has failed has paid nothing back
final as (

    select
        refunds.id,
        payments.orderId as order_id,
        {{ hundredths("case when refunds.state = 'Settled' then refunds.total else 0 end") }} as amount,
        coalesce(transitions.occurred_at, {{ utc_timestamp('refunds.createdAt') }}) as refunded_at,
        {{ utc_timestamp('refunds.updatedAt') }} as updated_at,
        refunds.source_system,
        refunds._raw_table,
        refunds._loaded_at,
        refunds._as_of,
        refunds._is_deleted

    from refunds
    left join newest_payments as payments
        on payments.source_system = refunds.source_system
        and payments.id = refunds.paymentId
    left join transitions
        on transitions.source_system = refunds.source_system
        and transitions.refund_id = cast(refunds.id as string)
        and transitions.state = 'Settled'

)

select * from final
