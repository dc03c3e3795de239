-- staging/vendure/stg_vendure__checkouts.sql: one row per version of a cart, and of the order that it became
with orders as (

    select * from {{ raw('vendure', 'order') }}

),

final as (

    select
        cast(id as string) as checkout_id,
        cast(customerId as string) as customer_id,
        {{ blank_to_null(json_text('shippingAddress', 'phoneNumber')) }} as phone,
        {{ utc_timestamp('createdAt') }} as started_at,
        case when orderPlacedAt is not null then cast(id as string) end as completed_order_id,
        {{ hundredths('subTotal') }} as value,
        upper({{ blank_to_null('currencyCode') }}) as currency,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        source_system,
        case when orderPlacedAt is null then _raw_table end as _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from orders
    where coalesce(type, 'Regular') <> 'Seller'

)

select * from final
