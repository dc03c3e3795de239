-- one row per currency and rate into the shop's currency, with the days on which it is the one to use
{{ config(
    materialized='incremental', incremental_strategy='compared_rows', unique_key=['from_currency', 'valid_from']
) -}}

with rates as (

    select * from {{ ref('exchange_rates') }}
    where to_currency = '{{ var("shop_currency", "") }}' and not is_deleted

),

one_per_day as (

    select
        from_currency,
        rate_date,
        max(rate) as rate

    from rates
    group by from_currency, rate_date

),

final as (

    select
        from_currency,
        rate,
        rate_date as valid_from,
        least(
            {{ add_days('rate_date', var('exchange_rate_max_age_days')) }},
            coalesce(
                {{ add_days('lead(rate_date) over (partition by from_currency order by rate_date)', -1) }},
                {{ add_days('rate_date', var('exchange_rate_max_age_days')) }}
            )
        ) as valid_to

    from one_per_day

)

select * from final
