-- one row per customer who asked by the as-of date to be erased
with erasure_requests as (

    select
        *,
        {{ customer_record_key('source_system', 'customer_id') }} as customer_record_key,
        {{ contact_record_key('source_system', 'contact_id') }} as contact_record_key,
        {{ hash_key(["'email'", normalised_email('email')]) }} as email_key

    from {{ ref('erasure_requests') }}
    where not is_deleted and {{ business_date('requested_at') }} <= {{ as_of_date() }}

),

identity as (

    select * from {{ ref('int_identity') }}

),

email_customers as (

    select * from {{ ref('int_email_customer') }}

),

final as (

    select identity.customer_key
    from erasure_requests
    inner join identity
        on identity.record_key = erasure_requests.customer_record_key
        or identity.record_key = erasure_requests.contact_record_key

    union

    select email_customers.customer_key
    from erasure_requests
    inner join email_customers on email_customers.email_key = erasure_requests.email_key

)

select * from final
