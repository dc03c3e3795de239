-- one row per household with a transaction
with transactions as (

    select * from {{ ref('int_complete_journey__transactions') }}

),

final as (

    select
        source_system,
        household_id as customer_id,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from transactions
    where household_id is not null
    group by source_system, household_id

)

select * from final
