-- one row per pair of single segments that share a customer, in both directions: how many, and how much of each that is
with members as (

    select
        membership.customer_key,
        membership.segment

    from {{ ref('segment_membership') }} as membership
    inner join {{ ref('segment_catalog') }} as catalogue on catalogue.segment = membership.segment
    where catalogue.for_each is null

),

sizes as (

    select
        segment,
        count(*) as customers

    from members
    group by segment

),

shared as (

    select
        members.segment,
        others.segment as other_segment,
        count(*) as customers

    from members
    inner join members as others
        on others.customer_key = members.customer_key
        and others.segment <> members.segment
    group by members.segment, others.segment

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        shared.segment,
        shared.other_segment,
        cast(shared.customers as bigint) as customers,
        {{ ratio('shared.customers', 'sizes.customers + other_sizes.customers - shared.customers') }} as jaccard,
        {{ ratio('shared.customers', 'sizes.customers') }} as containment

    from shared
    inner join sizes on sizes.segment = shared.segment
    inner join sizes as other_sizes on other_sizes.segment = shared.other_segment

)

select * from final
