-- one row per snapshot date up to D and customer as known today: their labels and segments as they were then
{%- set names = customer_labels() + single_segments() %}
with snapshots as {{ not_materialized() }} (

    select * from {{ snapshots() }} where as_of_date <= {{ as_of_date() }}

),

redirects as (

    select * from {{ ref('int_customer_redirect') }}

),

-- most people are nobody else: their rows need not be looked at
merged as (

    select former_key as customer_key from redirects

    union

    select customer_key from redirects

),

unmerged_rows as (

    select
        snapshots.customer_key,
        snapshots.as_of_date
        {%- for name in names %},
        snapshots.{{ name }}
        {%- endfor %}

    from snapshots
    anti join merged on merged.customer_key = snapshots.customer_key

),

-- of people who have been found to be one, the survivor's row wins
keyed as (

    select
        coalesce(redirects.customer_key, snapshots.customer_key) as customer_key,
        snapshots.as_of_date,
        {%- for name in names %}
        snapshots.{{ name }},
        {%- endfor %}
        row_number() over (
            partition by coalesce(redirects.customer_key, snapshots.customer_key), snapshots.as_of_date
            order by
                case when redirects.customer_key is null then 0 else 1 end nulls last,
                snapshots.customer_key nulls last
        ) as place

    from snapshots
    inner join merged on merged.customer_key = snapshots.customer_key
    left join redirects on redirects.former_key = snapshots.customer_key

),

final as (

    select * from unmerged_rows

    union all

    select
        customer_key,
        as_of_date
        {%- for name in names %},
        {{ name }}
        {%- endfor %}

    from keyed
    where place = 1

)

select * from final
