-- one row per order line, its money in the shop's currency
with order_lines as (

    select * from {{ ref('order_lines') }} where not is_deleted

),

final as (

    select
        {{ hash_key(['source_system', 'order_line_id']) }} as order_line_key,
        {{ hash_key(['source_system', 'order_id']) }} as order_key,
        case when product_id is not null then {{ hash_key(['source_system', 'product_id']) }} end as product_key,
        source_system,
        raw_table,
        order_id,
        order_line_id,
        product_id,
        quantity,
        coalesce(is_merchandise, true) as is_merchandise,
        {{ in_shop_currency(line_gross_amount()) }} as gross_amount,
        {{ in_shop_currency('coalesce(discount_amount, 0)') }} as discount_amount,
        exchange_rate

    from order_lines

)

select * from final
