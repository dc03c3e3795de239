-- one row: where recency, frequency and money are cut into scores and bands, over all buyers as of D
{%- set frequency_cuts = var('rfm_frequency_cuts') %}
{%- set thirds = var('rfm_klaviyo_quantiles') %}
with buyers as (

    select * from {{ ref('fct_customer') }} where orders > 0

),

final as (

    select
        {{ as_of_date() }} as as_of_date,
        cast(count(*) as bigint) as buyers,
        {{ quantile_cuts('days_since_last_order', var('rfm_cut_quantiles'), 'recency') }},
        {% if frequency_cuts is string -%}
        {{ quantile_cuts('orders', var('rfm_cut_quantiles'), 'frequency') }},
        {%- else -%}
        {%- for cut in frequency_cuts %}
        {{ weight(cut) }} as frequency_cut_{{ loop.index }},
        {%- endfor -%}
        {%- endif %}
        {{ quantile_cuts('net_revenue', var('rfm_cut_quantiles'), 'monetary') }},
        {{ quantile_cuts('orders', thirds, 'frequency_third') }},
        {{ quantile_cuts('net_revenue', thirds, 'monetary_third') }}

    from buyers

)

select * from final
