-- one row per raw row of campaigns or coupon_redemptions
with recipients as (

    select * from {{ raw('complete_journey', 'campaigns') }}

),

redemptions as (

    select * from {{ raw('complete_journey', 'coupon_redemptions') }}

),

campaigns as (

    select * from {{ ref('stg_complete_journey__campaigns') }}

),

newest_campaigns as (

    select * from {{ newest('campaigns', ['campaign_id']) }}

),

delivered as (

    select
        'delivered-' || cast(recipients.campaign_id as string)
            || '-' || cast(recipients.household_id as string) as message_event_id,
        cast(recipients.household_id as string) as customer_id,
        cast(recipients.campaign_id as string) as campaign_id,
        'delivered' as event_type,
        newest_campaigns.started_at as occurred_at,
        recipients.source_system,
        recipients._raw_table,
        recipients._loaded_at,
        recipients._as_of

    from recipients
    left join newest_campaigns
        on newest_campaigns.source_system = recipients.source_system
        and newest_campaigns.campaign_id = cast(recipients.campaign_id as string)

),

converted as (

    select
        'converted-' || cast(campaign_id as string) || '-' || cast(household_id as string)
            || '-' || cast(coupon_upc as string)
            || '-' || cast(cast(redemption_date as date) as string) as message_event_id,
        cast(household_id as string) as customer_id,
        cast(campaign_id as string) as campaign_id,
        'converted' as event_type,
        {{ local_to_utc('redemption_date', 'America/New_York') }} as occurred_at,
        source_system,
        _raw_table,
        _loaded_at,
        _as_of

    from redemptions

),

final as (

    select * from delivered
    union all
    select * from converted

)

select * from final
