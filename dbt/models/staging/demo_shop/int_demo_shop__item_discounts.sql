-- staging/demo_shop/int_demo_shop__item_discounts.sql: one row per order item, with its whole discount
with items as (

    select * from {{ raw('demo_shop', 'order_items') }}

),

adjustments as (

    select * from {{ raw('demo_shop', 'order_adjustments') }}

),

newest_items as (

    select * from {{ newest('items', ['id'], 'updated_at') }} where not _is_deleted

),

newest_adjustments as (

    select * from {{ newest('adjustments', ['id'], 'updated_at') }}

),

sales as (

    select
        source_system,
        order_item_id,
        sum(amount_cents) as sale_cents

    from newest_adjustments
    where order_item_id is not null and not _is_deleted
    group by source_system, order_item_id

),

coupons as (

    select
        source_system,
        order_id,
        sum(amount_cents) as coupon_cents

    from newest_adjustments
    where order_item_id is null and not _is_deleted
    group by source_system, order_id

),

valued as (

    select
        items.source_system,
        items.id as order_item_id,
        items.order_id,
        coalesce(sales.sale_cents, 0) as sale_cents,
        coalesce(coupons.coupon_cents, 0) as coupon_cents,
        coalesce(items.quantity * items.unit_price_cents, 0) - coalesce(sales.sale_cents, 0) as value_cents

    from newest_items as items
    left join sales
        on sales.source_system = items.source_system
        and sales.order_item_id = items.id
    left join coupons
        on coupons.source_system = items.source_system
        and coupons.order_id = items.order_id

),

shared as (

    select
        *,
        coalesce(
            round(
                cast(coupon_cents as double) * value_cents
                / nullif(sum(value_cents) over (partition by source_system, order_id), 0),
                0
            ),
            0
        ) as share_cents,
        row_number() over (
            partition by source_system, order_id
            order by case when value_cents <> 0 then 0 else 1 end nulls last, order_item_id desc nulls last
        ) as position_from_last

    from valued

),

-- Every line but the last of any value is rounded to the cent; the last takes what remains.
final as (

    select
        source_system,
        order_item_id,
        sale_cents + case
            when position_from_last = 1
                then coupon_cents - (sum(share_cents) over (partition by source_system, order_id) - share_cents)
            else share_cents
        end as discount_cents

    from shared

)

select * from final
