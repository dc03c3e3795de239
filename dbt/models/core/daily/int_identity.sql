-- one row per record that stands for a person, with the customer it belongs to
with records as (

    select * from {{ ref('int_identity_record') }}

),

components as (

    select * from {{ exchange('identity_component') }}

),

joined as (

    select
        records.*,
        coalesce(components.component_key, records.record_key) as component_key

    from records
    left join components on components.record_key = records.record_key

),

-- the customer is known by the record of theirs that was landed first
ranked as (

    select
        *,
        row_number() over (
            partition by component_key
            order by first_loaded_at nulls last, first_recorded_at nulls last, origin_key nulls last
        ) as record_number

    from joined

),

final as (

    select
        ranked.record_key,
        ranked.record_type,
        ranked.source_system,
        ranked.record_id,
        firsts.origin_key as customer_key,
        ranked.first_loaded_at,
        ranked.first_landed_as_of,
        ranked.first_recorded_at,
        ranked.earliest_recorded_at

    from ranked
    inner join ranked as firsts
        on firsts.component_key = ranked.component_key
        and firsts.record_number = 1

)

select * from final
