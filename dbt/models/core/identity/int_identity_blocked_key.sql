-- one row per e-mail, phone number or customer id that too many share, and that therefore links nobody
with links as (

    select * from {{ ref('int_identity_link') }} where is_blocked

),

final as (

    select
        link_key,
        max(
            case rule
                when 'guest_email' then 'email'
                when 'guest_phone' then 'phone'
                when 'shop_customer_id' then 'customer_id'
                else rule
            end
        ) as key_type,
        max(identity_count) as identity_count,
        count(distinct record_key) as record_count

    from links
    group by link_key

)

select * from final
