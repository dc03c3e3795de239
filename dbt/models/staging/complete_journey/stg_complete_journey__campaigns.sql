-- one row per raw row of campaign_descriptions
with descriptions as (

    select * from {{ raw('complete_journey', 'campaign_descriptions') }}

),

final as (

    select
        cast(campaign_id as string) as campaign_id,
        'Campaign ' || cast(campaign_id as string) || ', ' || campaign_type as name,
        {{ local_to_utc('start_date', 'America/New_York') }} as started_at,
        {{ local_to_utc('end_date', 'America/New_York') }} as ended_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from descriptions

)

select * from final
