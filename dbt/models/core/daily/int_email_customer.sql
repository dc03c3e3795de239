-- one row per e-mail that belongs to one customer
{{ config(materialized='incremental', incremental_strategy='compared_rows', unique_key=['email_key']) -}}

with links as (

    select * from {{ ref('int_identity_link') }}
    where rule in ('email', 'guest_email') and not is_blocked

),

identity as (

    select * from {{ ref('int_identity') }}

),

final as (

    select
        links.link_key as email_key,
        min(identity.customer_key) as customer_key

    from links
    inner join identity on identity.record_key = links.record_key
    group by links.link_key
    having count(distinct identity.customer_key) = 1

)

select * from final
