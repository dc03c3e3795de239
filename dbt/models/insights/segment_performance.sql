-- one row per segment, those of for_each entries included: what its members bring today, and what members of a past date did
{%- set labels = customer_labels() %}
{%- set days = var('performance_days') %}
with membership as (

    select * from {{ ref('segment_membership') }}

),

profile as (

    select * from {{ ref('int_customer_profile') }}

),

today as (

    select
        membership.segment,
        count(*) as customers,
        sum(profile.orders_365d) as orders_365d,
        sum(profile.net_revenue_365d) as net_revenue_365d,
        {{ money_ratio('sum(profile.net_revenue_365d)', 'sum(profile.orders_365d)') }} as average_order_value_365d,
        {{ ratio('sum(case when profile.orders_30d > 0 then 1 else 0 end)', 'count(*)') }} as conversion_30d,
        {{ ratio('sum(case when profile.engagement_tier = 1 then 1 else 0 end)', 'count(*)') }} as engaged_share,
        sum(profile.expected_value_365d) as expected_value_365d,
        {{ ratio(
            "100 * (sum(case when profile.nps_class = 'promoter' then 1 else 0 end)"
            ~ " - sum(case when profile.nps_class = 'detractor' then 1 else 0 end))",
            'count(profile.nps_class)'
        ) }} as nps

    from membership
    inner join profile on profile.customer_key = membership.customer_key
    group by membership.segment

),

-- the newest date whose members have had all that time
judged_date as (

    select max(as_of_date) as judged_date
    from {{ ref('int_snapshot_date') }}
    where as_of_date <= {{ add_days(as_of_date(), -days) }}

),

judged as (

    select snapshots.*
    from {{ ref('int_snapshot') }} as snapshots
    inner join judged_date on judged_date.judged_date = snapshots.as_of_date

),

outcomes as (

    select
        occasions.customer_key,
        sum(occasions.net_amount) as net_revenue

    from {{ ref('int_customer_occasion') }} as occasions
    inner join judged_date
        on occasions.order_date > judged_date.judged_date
        and occasions.order_date <= {{ add_days('judged_date.judged_date', days) }}
    group by occasions.customer_key

),

names as (

    select
        segment as entry,
        for_each

    from {{ ref('segment_catalog') }}
    where for_each is null or for_each in ('{{ labels | join("', '") }}')

),

past_members as (

    select
        judged.customer_key,
        case
            when names.for_each is null then names.entry
            else names.entry || ':' || {{ value_of_name('names.for_each', 'judged', labels, []) }}
        end as segment

    from judged
    cross join names
    where
        case
            when names.for_each is null
                then {{ value_of_name('names.entry', 'judged', [], single_segments()) }}
            else {{ value_of_name('names.for_each', 'judged', labels, []) }}
        end is not null

),

everybody as (

    select
        {{ ratio('count(outcomes.customer_key)', 'count(*)') }} as buy_rate,
        {{ money_ratio('sum(coalesce(outcomes.net_revenue, 0))', 'count(*)') }} as revenue_per_customer

    from judged
    left join outcomes on outcomes.customer_key = judged.customer_key

),

past as (

    select
        past_members.segment,
        count(*) as customers,
        {{ ratio('count(outcomes.customer_key)', 'count(*)') }} as buy_rate,
        {{ money_ratio('sum(coalesce(outcomes.net_revenue, 0))', 'count(*)') }} as revenue_per_customer

    from past_members
    left join outcomes on outcomes.customer_key = past_members.customer_key
    group by past_members.segment

),

final as (

    select
        coalesce(today.segment, past.segment) as segment,
        {{ as_of_date() }} as as_of_date,
        cast(coalesce(today.customers, 0) as bigint) as customers,
        cast(coalesce(today.orders_365d, 0) as bigint) as orders_365d,
        cast(coalesce(today.net_revenue_365d, 0) as decimal(38, 4)) as net_revenue_365d,
        cast(today.average_order_value_365d as decimal(38, 4)) as average_order_value_365d,
        today.conversion_30d,
        today.engaged_share,
        cast(today.expected_value_365d as decimal(38, 4)) as expected_value_365d,
        today.nps,
        judged_date.judged_date,
        cast(past.customers as bigint) as judged_customers,
        past.buy_rate as next_buy_rate,
        {{ ratio('past.buy_rate', 'everybody.buy_rate') }} as next_buy_rate_lift,
        cast(past.revenue_per_customer as decimal(38, 4)) as next_revenue_per_customer,
        {{ ratio('past.revenue_per_customer', 'everybody.revenue_per_customer') }} as next_revenue_lift

    from today
    full join past on past.segment = today.segment
    cross join judged_date
    cross join everybody

)

select * from final
