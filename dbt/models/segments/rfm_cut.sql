-- one row: where recency, frequency and money are cut into five scores, over all buyers as of D
{%- set frequency_cuts = var('rfm_frequency_cuts') %}
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
        {{ quantile_cuts('net_revenue', var('rfm_cut_quantiles'), 'monetary') }}

    from buyers

)

select * from final
