-- staging/woocommerce/stg_woocommerce__refunds.sql: one row per version of a refunded line, and of the rest of a refund
with orders as (

    select * from {{ ref('int_woocommerce__orders') }}

),

items as (

    select * from {{ ref('int_woocommerce__order_items') }}

),

newest_orders as (

    select * from {{ newest('orders', ['id'], 'updated_at') }}

),

newest_items as (

    select * from {{ newest('items', ['order_item_id']) }}

),

-- what a refund lists, all of it negative there, of lines only; one that lists but shipping or fees has 0
listed as (

    select
        source_system,
        order_id as refund_id,
        -sum(case when order_item_type = 'line_item' then coalesce(total, 0) + coalesce(tax, 0) else 0 end) as amount,
        -sum(case when order_item_type = 'line_item' then coalesce(total, 0) else 0 end) as merchandise

    from newest_items
    where kind = 'refund' and order_item_type in ('line_item', 'shipping', 'fee') and not _is_deleted
    group by source_system, order_id

),

-- refunds that list something: the rest of theirs is shipping or fees
listed_by_order as (

    select
        refunds.source_system,
        refunds.parent_order_id as order_id,
        -sum(refunds.total_amount) as amount,
        sum(listed.merchandise) as merchandise

    from newest_orders as refunds
    inner join listed
        on listed.source_system = refunds.source_system
        and listed.refund_id = refunds.id
    where refunds.kind = 'refund' and not refunds._is_deleted
    group by refunds.source_system, refunds.parent_order_id

),

bought as (

    select
        source_system,
        order_id,
        sum(coalesce(total, 0)) as merchandise

    from newest_items
    where kind = 'order' and order_item_type = 'line_item' and not is_removed
    group by source_system, order_id

),

-- what of an order they leave
remaining as (

    select
        orders.source_system,
        orders.id as order_id,
        orders.total_amount - coalesce(listed_by_order.amount, 0) as total_left,
        bought.merchandise - coalesce(listed_by_order.merchandise, 0) as merchandise_left

    from newest_orders as orders
    left join bought
        on bought.source_system = orders.source_system
        and bought.order_id = orders.id
    left join listed_by_order
        on listed_by_order.source_system = orders.source_system
        and listed_by_order.order_id = orders.id
    where orders.kind = 'order'

),

-- Without a list, as when an order's status is set to refunded by hand, a refund is of all that is left.
divided as (

    select
        refunds.*,
        -refunds.total_amount - coalesce(listed.amount, 0) as rest_amount,
        case
            when listed.refund_id is not null then 0
            else {{ merchandise_part('-refunds.total_amount', 'remaining.merchandise_left', 'remaining.total_left') }}
        end as rest_merchandise

    from orders as refunds
    left join listed
        on listed.source_system = refunds.source_system
        and listed.refund_id = refunds.id
    left join remaining
        on remaining.source_system = refunds.source_system
        and remaining.order_id = refunds.parent_order_id
    where refunds.kind = 'refund'

),

refunded_lines as (

    select
        'line-' || cast(items.order_item_id as string) as refund_id,
        cast(refunds.parent_order_id as string) as order_id,
        cast(items.refunded_item_id as string) as order_line_id,
        -items.quantity as quantity,
        {{ money('-items.total') }} as amount,
        {{ money('-items.tax') }} as other_amount,
        refunds.created_at as refunded_at,
        refunds.updated_at,
        items.source_system,
        items._raw_table,
        items._loaded_at,
        items._as_of,
        items._is_deleted

    from items
    left join newest_orders as refunds
        on refunds.source_system = items.source_system
        and refunds.id = items.order_id
    where items.kind = 'refund' and items.order_item_type = 'line_item'

),

rests as (

    select
        'rest-' || cast(id as string) as refund_id,
        cast(parent_order_id as string) as order_id,
        cast(null as string) as order_line_id,
        cast(null as decimal(26, 8)) as quantity,
        {{ money('rest_merchandise') }} as amount,
        {{ money('rest_amount') }} - {{ money('rest_merchandise') }} as other_amount,
        created_at as refunded_at,
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
