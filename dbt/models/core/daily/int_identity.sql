-- one row per record that stands for a person, with the customer it belongs to
{{ config(materialized='incremental', incremental_strategy='compared_rows', unique_key=['record_key']) -}}

with origins as (

    select * from {{ ref('int_identity_origin') }}

),

components as (

    select * from {{ exchange('identity_component') }}

),

-- the customer is known by the raw record of theirs that was landed first
known as (

    select
        origins.*,
        first_value(origins.origin_key) over (
            partition by coalesce(components.component_key, origins.record_key)
            order by
                origins.first_loaded_at nulls last,
                origins.first_recorded_at nulls last,
                origins.origin_key nulls last
        ) as customer_key

    from origins
    left join components on components.record_key = origins.record_key

),

final as (

    select
        record_key,
        record_type,
        min(source_system) as source_system,
        record_id,
        customer_key,
        min(first_loaded_at) as first_loaded_at,
        min(first_landed_as_of) as first_landed_as_of,
        min(earliest_recorded_at) as earliest_recorded_at

    from known
    group by record_key, record_type, record_id, customer_key

)

select * from final
