-- staging/woocommerce/int_woocommerce__order_items.sql: one row per version of an order item, with its amounts
{%- set attributes = {
    'product_id': '_product_id',
    'variation_id': '_variation_id',
    'quantity': '_qty',
    'line_subtotal': '_line_subtotal',
    'line_total': '_line_total',
    'line_tax': '_line_tax',
    'shipping_total': 'cost',
    'shipping_tax': 'total_tax',
    'refunded_item_id': '_refunded_item_id',
} %}
{%- set identifiers = ['product_id', 'variation_id', 'refunded_item_id'] %}

with items as (

    select * from {{ raw('woocommerce', 'order_items') }}

),

itemmeta as (

    select * from {{ raw('woocommerce', 'order_itemmeta') }}

),

orders as (

    select * from {{ ref('int_woocommerce__orders') }}

),

newest_orders as (

    select * from {{ newest('orders', ['id'], 'updated_at') }}

),

texts as (

    select * from {{ attributes_by_owner('itemmeta', 'meta_id', 'order_item_id', attributes) }}

),

-- ids of nothing are 0
typed as (

    select
        source_system,
        order_item_id,
        {%- for name in attributes %}
        {% if name in identifiers -%}
        nullif(cast({{ blank_to_null(name) }} as bigint), 0) as {{ name }}{{ ',' if not loop.last }}
        {%- else -%}
        cast({{ blank_to_null(name) }} as decimal(26, 8)) as {{ name }}{{ ',' if not loop.last }}
        {%- endif %}
        {%- endfor %}

    from texts

),

final as (

    select
        items.order_item_id,
        items.order_item_name,
        items.order_item_type,
        items.order_id,
        coalesce(orders.kind, 'order') as kind,
        typed.product_id,
        typed.variation_id,
        typed.refunded_item_id,
        typed.quantity,
        coalesce(typed.line_subtotal, typed.line_total) as subtotal,
        coalesce(typed.line_total, typed.shipping_total) as total,
        coalesce(typed.line_tax, typed.shipping_tax) as tax,
        items._is_deleted and not coalesce(orders._is_deleted, false) as is_removed,
        items.source_system,
        items._raw_table,
        items._loaded_at,
        items._as_of,
        items._is_deleted

    from items
    left join typed
        on typed.source_system = items.source_system
        and typed.order_item_id = items.order_item_id
    left join newest_orders as orders
        on orders.source_system = items.source_system
        and orders.id = items.order_id

)

select * from final
