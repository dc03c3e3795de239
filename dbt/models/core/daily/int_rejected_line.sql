-- one row per raw table that has lines in its source's files which could not be read
with rejected_lines as (

    select * from {{ exchange('rejected_line') }}

),

final as (

    select
        source_system,
        raw_table,
        line_count

    from rejected_lines

)

select * from final
