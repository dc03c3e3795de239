-- one row per phone number as rows write it that is a valid number
with phones as (

    select * from {{ exchange('phone') }}

),

final as (

    select
        phone_key,
        e164

    from phones
    where e164 is not null

)

select * from final
