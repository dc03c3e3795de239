-- one row per key that a customer may once have had, with the customer that now stands for it
with origins as (

    select * from {{ ref('int_identity_origin') }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        origins.origin_key as former_key,
        identity.customer_key

    from origins
    inner join identity on identity.record_key = origins.record_key
    where origins.origin_key <> identity.customer_key

)

select * from final
