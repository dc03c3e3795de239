-- one row per customer record and product that it marked as a favourite, removed or not
with favourites as (

    select
        *,
        {{ customer_record_key('source_system', 'customer_id') }} as record_key

    from {{ ref('favourites') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        {{ hash_key(['favourites.source_system', 'favourites.customer_id', 'favourites.product_id']) }} as favourite_key,
        identity.customer_key,
        {{ hash_key(['favourites.source_system', 'favourites.product_id']) }} as product_key,
        favourites.source_system,
        favourites.added_at,
        {{ business_date('favourites.added_at') }} as added_date,
        {{ business_date(
            'coalesce(favourites.removed_at, case when favourites.is_deleted then favourites.updated_at end)'
        ) }} as removed_date

    from favourites
    left join identity on identity.record_key = favourites.record_key

)

select * from final
