-- one row per customer number on an order or a return
with invoice_lines as (

    select * from {{ ref('int_online_retail__invoice_lines') }}

),

named_lines as (

    select * from invoice_lines
    where customer_id is not null and reject_reason is null

),

loads as (

    select
        source_system,
        customer_id,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from named_lines
    group by source_system, customer_id

),

-- Eight customers have several countries: the latest order's counts, a return's only where there is no order.
ranked_countries as (

    select
        source_system,
        customer_id,
        country,
        row_number() over (
            partition by source_system, customer_id
            order by
                is_return nulls last,
                invoiced_at desc nulls last,
                invoice_no desc nulls last,
                country nulls last
        ) as country_rank

    from named_lines
    where country is not null

),

final as (

    select
        loads.source_system,
        loads.customer_id,
        ranked_countries.country,
        loads.updated_at,
        loads._loaded_at,
        loads._as_of

    from loads
    left join ranked_countries
        on ranked_countries.source_system = loads.source_system
        and ranked_countries.customer_id = loads.customer_id
        and ranked_countries.country_rank = 1

)

select * from final
