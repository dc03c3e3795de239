-- one row per thing that a person said of themselves
with declared_traits as (

    select
        *,
        {{ contacted_record_key() }} as record_key

    from {{ ref('declared_traits') }}
    where not is_deleted

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        {{ hash_key([
            'declared_traits.source_system', 'declared_traits.record_key', 'declared_traits.trait', 'declared_traits.value'
        ]) }} as declared_trait_key,
        identity.customer_key,
        declared_traits.source_system,
        declared_traits.trait,
        declared_traits.value,
        declared_traits.declared_at,
        {{ business_date('declared_traits.declared_at') }} as declared_date

    from declared_traits
    left join identity on identity.record_key = declared_traits.record_key

)

select * from final
