-- one row per raw table, destination, outcome, reason and kind of line: where every raw row and its money went
with destinations as (

    select * from {{ ref('int_raw_destination') }}

),

order_lines as (

    select * from {{ ref('fct_order_line') }} where raw_table is not null

),

refunds as (

    select
        source_system,
        raw_table,
        refund_key,
        customer_key is not null as is_identified,
        sum(refund_amount) as refund_amount,
        sum(other_amount) as other_amount

    from {{ ref('fct_refund') }}
    where raw_table is not null
    group by source_system, raw_table, refund_key, customer_key is not null

),

rejected_lines as (

    select * from {{ ref('int_rejected_line') }}

),

{#- Kept order lines and refunds are counted in the facts, in kinds; whatever the facts leave out would show. #}
counted as (

    select
        source_system,
        raw_table,
        entity,
        outcome,
        reject_reason,
        cast(null as boolean) as is_merchandise,
        cast(null as boolean) as is_identified,
        row_count,
        amount
    from destinations
    where outcome <> 'kept' or entity not in ('order_lines', 'refunds')

    union all

    select
        source_system,
        raw_table,
        'order_lines',
        'kept',
        cast(null as string),
        is_merchandise,
        customer_key is not null,
        count(*),
        sum(gross_amount)
    from order_lines
    group by source_system, raw_table, is_merchandise, customer_key is not null

    union all

    select
        source_system,
        raw_table,
        'refunds',
        'kept',
        cast(null as string),
        refund_amount <> 0,
        is_identified,
        count(*),
        -sum(refund_amount + other_amount)
    from refunds
    group by source_system, raw_table, refund_amount <> 0, is_identified

    union all

    select
        source_system,
        raw_table,
        cast(null as string),
        'rejected',
        'unreadable_line',
        cast(null as boolean),
        cast(null as boolean),
        line_count,
        cast(null as decimal(38, 4))
    from rejected_lines

),

final as (

    select
        source_system,
        raw_table,
        entity,
        outcome,
        reject_reason,
        is_merchandise,
        is_identified,
        cast(row_count as bigint) as row_count,
        cast(amount as decimal(38, 4)) as amount

    from counted

)

select * from final
