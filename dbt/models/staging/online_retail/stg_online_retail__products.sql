-- one row per stock code that is merchandise
with invoice_lines as (

    select * from {{ ref('int_online_retail__invoice_lines') }}

),

distinct_lines as (

    select * from {{ newest('invoice_lines', ['line_id']) }}

),

titles as (

    select
        source_system,
        product_id,
        title,
        count(*) as line_count,
        sum(case when unit_price > 0 then 1 else 0 end) as priced_line_count,
        max(_loaded_at) as updated_at,
        min(_loaded_at) as _loaded_at,
        min(_as_of) as _as_of

    from distinct_lines
    where is_merchandise and reject_reason is null
    group by source_system, product_id, title

),

-- Lines without a price carry remarks ("found", "ebay") in place of a name, so they vote last.
ranked_titles as (

    select
        source_system,
        product_id,
        title,
        max(updated_at) over (partition by source_system, product_id) as updated_at,
        min(_loaded_at) over (partition by source_system, product_id) as _loaded_at,
        min(_as_of) over (partition by source_system, product_id) as _as_of,
        row_number() over (
            partition by source_system, product_id
            order by
                case when title is null then 1 else 0 end nulls last,
                priced_line_count desc nulls last,
                line_count desc nulls last,
                title nulls last
        ) as title_rank

    from titles

),

final as (

    select
        source_system,
        product_id,
        product_id as sku,
        title,
        updated_at,
        _loaded_at,
        _as_of

    from ranked_titles
    where title_rank = 1

)

select * from final
