-- one row: where recency, frequency and money are cut into scores and bands, over all buyers as of D
{%- set thirds = var('rfm_klaviyo_quantiles') %}
with buyers as (

    select * from {{ ref('fct_customer') }} where orders > 0

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cast(count(*) as bigint) as buyers,
        {{ quantile_cuts('days_since_last_order', var('rfm_cut_quantiles'), 'recency') }},
        {{ rfm_frequency_cuts('orders') }},
        {{ quantile_cuts('net_revenue', var('rfm_cut_quantiles'), 'monetary') }},
        {{ quantile_cuts('orders', thirds, 'frequency_third') }},
        {{ quantile_cuts('net_revenue', thirds, 'monetary_third') }}

    from buyers

)

select * from final
