-- staging/demo_crm/stg_demo_crm__contacts.sql: one row per version of a contact
with contacts as (

    select * from {{ raw('demo_crm', 'contacts') }}

),

final as (

    select
        id as contact_id,
        {{ blank_to_null(json_text('properties', 'email')) }} as email,
        {{ blank_to_null(json_text('properties', 'phone')) }} as phone,
        {{ blank_to_null(json_text('properties', 'shop_customer_id')) }} as shop_customer_id,
        {{ blank_to_null(json_text('properties', 'firstname')) }} as first_name,
        {{ blank_to_null(json_text('properties', 'lastname')) }} as last_name,
        cast({{ blank_to_null(json_text('properties', 'date_of_birth')) }} as date) as birth_date,
        lower({{ blank_to_null(json_text('properties', 'gender')) }}) as gender,
        lower(left({{ json_text('properties', 'hs_language') }}, 2)) as language,
        upper({{ blank_to_null(json_text('properties', 'hs_country_region_code')) }}) as country,
        {{ blank_to_null(json_text('properties', 'state')) }} as region,
        {{ blank_to_null(json_text('properties', 'city')) }} as city,
        lower({{ blank_to_null(json_text('properties', 'lifecyclestage')) }}) as lead_stage,
        {{ blank_to_null(json_text('properties', 'annual_income')) }} as income_band,
        {{ blank_to_null(json_text('properties', 'job_title')) }} as occupation,
        {{ blank_to_null(json_text('properties', 'degree')) }} as education,
        {{ blank_to_null(json_text('properties', 'marital_status')) }} as marital_status,
        {{ blank_to_null(json_text('properties', 'household_size')) }} as household_size,
        {{ utc_timestamp('createdAt') }} as created_at,
        {{ utc_timestamp('updatedAt') }} as updated_at,
        archived as is_deleted,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of,
        _is_deleted

    from contacts

)

select * from final
