-- staging/woocommerce/stg_woocommerce__checkouts.sql: one row per version of a draft, or of the order it became
with orders as (

    select * from {{ ref('int_woocommerce__orders') }}
    where type = 'shop_order'

),

items as (

    select * from {{ ref('int_woocommerce__order_items') }}

),

newest_items as (

    select * from {{ newest('items', ['order_item_id']) }}

),

item_values as (

    select
        source_system,
        order_id,
        sum(total) as value

    from newest_items
    where order_item_type = 'line_item' and not is_removed
    group by source_system, order_id

),

-- WooCommerce deletes a draft a day after its last change. The cart was left all the same: it carries no _is_deleted.
final as (

    select
        cast(orders.id as string) as checkout_id,
        orders.customer_id,
        orders.email,
        orders.phone,
        orders.created_at as started_at,
        case when orders.kind = 'order' then cast(orders.id as string) end as completed_order_id,
        {{ money('item_values.value') }} as value,
        orders.currency,
        orders.device,
        orders.channel,
        orders.updated_at,
        orders.is_trashed as is_deleted,
        orders.source_system,
        case when orders.kind = 'cart' then orders._raw_table end as _raw_table,
        orders._loaded_at,
        orders._as_of

    from orders
    left join item_values
        on item_values.source_system = orders.source_system
        and item_values.order_id = orders.id

)

select * from final
