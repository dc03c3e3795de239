-- one row per cart or checkout, with the order it became and its value in the shop's currency
with checkouts as (

    select * from {{ ref('checkouts') }} where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

rates as (

    select * from {{ ref('int_exchange_rate') }}

),

keyed as (

    select
        *,
        {{ business_date('started_at') }} as started_date,
        {{ person_record_key('checkouts', 'null') }} as record_key

    from checkouts

),

final as (

    select
        {{ hash_key(['keyed.source_system', 'keyed.checkout_id']) }} as checkout_key,
        identity.customer_key,
        keyed.source_system,
        keyed.checkout_id,
        keyed.started_at,
        keyed.started_date,
        case
            when keyed.completed_order_id is not null
                then {{ hash_key(['keyed.source_system', 'keyed.completed_order_id']) }}
        end as completed_order_key,
        keyed.channel,
        keyed.device,
        {{ in_shop_currency(
            'keyed.value',
            "case when keyed.currency = '" ~ var('shop_currency', '') ~ "' then 1 else rates.rate end"
        ) }} as value_amount

    from keyed
    left join identity on identity.record_key = keyed.record_key
    left join rates
        on rates.from_currency = keyed.currency
        and keyed.started_date between rates.valid_from and rates.valid_to

)

select * from final
