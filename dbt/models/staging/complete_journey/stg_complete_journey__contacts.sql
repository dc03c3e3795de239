-- one row per raw row of demographics
with demographics as (

    select * from {{ raw('complete_journey', 'demographics') }}

),

final as (

    select
        cast(household_id as string) as contact_id,
        cast(household_id as string) as shop_customer_id,
        {{ blank_to_null('income') }} as income_band,
        lower({{ blank_to_null('marital_status') }}) as marital_status,
        {{ blank_to_null('household_size') }} as household_size,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from demographics

)

select * from final
