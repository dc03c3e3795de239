-- one row per customer: who they are and what they said of themselves; nothing of it is guessed
with customers as (

    select * from {{ ref('fct_customer') }}

),

people as (

    select
        *,
        {{ age_in_years('birth_date') }} as age

    from {{ ref('dim_customer') }}

),

declared as (

    select
        customer_key,
        trait,
        value,
        row_number() over (
            partition by customer_key, trait
            order by declared_at desc nulls last, value nulls last, declared_trait_key nulls last
        ) as statement_number

    from {{ ref('fct_declared_trait') }}
    where customer_key is not null and declared_date <= {{ as_of_date() }}

),

traits as (

    select
        customer_key,
        {%- for trait in var('declared_traits') %}
        max(case when trait = '{{ trait }}' then value end) as declared_{{ trait }} {{- ',' if not loop.last }}
        {%- endfor %}

    from declared
    where statement_number = 1
    group by customer_key

),

final as (

    select
        customers.customer_key,
        customers.as_of_date,
        people.age,
        case
            {%- for first_age in var('age_bands') %}
            {%- if loop.last %}
            when people.age >= {{ first_age }} then '{{ first_age }}+'
            {%- else %}
            when people.age >= {{ first_age }} and people.age < {{ loop.nextitem }}
                then '{{ first_age }}-{{ loop.nextitem - 1 }}'
            {%- endif %}
            {%- endfor %}
            when people.age is not null then 'under {{ var("age_bands")[0] }}'
        end as age_band,
        {{ days_until_birthday('people.birth_date', var('birthday_days')) }} as days_until_birthday,
        people.gender,
        people.income_band,
        people.occupation,
        people.education,
        people.marital_status,
        people.household_size,
        case
            when substr(people.household_size, 1, 1) between '3' and '9' then 'family'
            when people.household_size = '2' or lower(people.marital_status) in ('married', 'couple', 'partnered')
                then case when people.age >= {{ var('life_stage_senior_age') }} then 'senior couple' else 'couple' end
            when people.household_size = '1'
                then case when people.age >= {{ var('life_stage_senior_age') }} then 'senior single' else 'single' end
        end as life_stage,
        people.lead_stage,
        customers.country,
        customers.region,
        customers.city,
        customers.language,
        customers.first_channel as acquisition_channel,
        customers.last_channel,
        customers.last_device as device,
        {%- for trait in var('declared_traits') %}
        traits.declared_{{ trait }},
        {%- endfor %}
        customers.nps_class,
        case
            when customers.written_reviews > 0 then 'writes'
            when customers.reviews > 0 then 'rates'
            when customers.reviews = 0 then 'silent'
        end as review_activity

    from customers
    inner join people on people.customer_key = customers.customer_key
    left join traits on traits.customer_key = customers.customer_key

)

select * from final
