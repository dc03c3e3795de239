-- one row per raw table, destination, outcome and reason: where every raw row went, and the money on it
{%- set entities = [
    'customers', 'orders', 'order_lines', 'refunds', 'products', 'categories', 'checkouts', 'checkout_lines',
    'browse_events', 'favourites', 'reviews', 'referrals', 'exchange_rates', 'contacts', 'consents', 'campaigns',
    'messages', 'survey_responses', 'declared_traits', 'tickets', 'erasure_requests',
] %}
{%- set destination = "case when outcome = 'kept' and is_deleted then 'deleted' else outcome end" %}
{%- set amounts = {
    'order_lines': in_shop_currency('coalesce(' ~ line_gross_amount() ~ ', 0)', 'coalesce(exchange_rate, 1)'),
    'refunds': in_shop_currency('-(coalesce(amount, 0) + coalesce(other_amount, 0))', 'coalesce(exchange_rate, 1)'),
} %}

with final as (

    {% for entity in entities -%}
    select
        source_system,
        raw_table,
        '{{ entity }}' as entity,
        {{ destination }} as outcome,
        reject_reason,
        count(*) as row_count,
        cast(sum({{ amounts.get(entity, 'cast(0 as decimal(18, 4))') }}) as decimal(38, 4)) as amount

    from {{ ref(entity ~ '_rows') }}
    where raw_table is not null
    group by source_system, raw_table, {{ destination }}, reject_reason

    {% if not loop.last -%}
    union all

    {% endif -%}
    {% endfor %}
)

select * from final
