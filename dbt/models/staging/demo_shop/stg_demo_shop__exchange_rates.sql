-- staging/demo_shop/stg_demo_shop__exchange_rates.sql: one row per version of a currency's rate on a day
with rates as (

    select * from {{ raw('demo_shop', 'exchange_rates') }}

),

currencies as (

    select * from {{ raw('demo_shop', 'currencies') }}

),

newest_currencies as (

    select * from {{ newest('currencies', ['code'], 'updated_at') }}

),

main_currencies as (

    select
        source_system,
        min(code) as code

    from newest_currencies
    where is_main = 1
    group by source_system

),

final as (

    select
        cast(rates.rate_on as date) as rate_date,
        upper(rates.currency_code) as from_currency,
        main_currencies.code as to_currency,
        cast(rates.rate_to_main as decimal(18, 9)) as rate,
        {{ utc_timestamp('rates.updated_at') }} as updated_at,
        rates.source_system,
        rates._raw_table,
        rates._loaded_at,
        rates._as_of,
        rates._is_deleted

    from rates
    left join main_currencies on main_currencies.source_system = rates.source_system

)

select * from final
