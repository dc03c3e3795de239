-- one row per customer and product suggested to them because of another that they bought, the best first
with customers as (

    select * from {{ ref('int_customer_number') }} where is_known

),

products as (

    select * from {{ ref('int_sold_product') }}

),

bought as (

    select * from {{ ref('int_customer_product') }}

),

-- all rules in one order, so that the best of several is the lowest number
rules as (

    select
        rules.*,
        products.product_number,
        suggested.product_number as suggested_number,
        cast(row_number() over (
            order by
                rules.confidence_lower_bound desc nulls last,
                rules.lift desc nulls last,
                rules.suggested_product_key nulls last,
                rules.product_key nulls last
        ) as int) as rule_number,
        'bought ' || coalesce(rules.product_title, 'a product') || ': ' || {{ percent('rules.confidence') }}
        || ' of the orders with it also hold this, ' || cast(cast(round(rules.lift, 1) as decimal(38, 1)) as string)
        || ' times as many as of all orders' as reason

    from {{ ref('cross_sell_rule') }} as rules
    inner join products on products.product_key = rules.product_key
    inner join products as suggested on suggested.product_key = rules.suggested_product_key
    where suggested.is_available

),

-- of the rules that suggest a product to a customer the best one speaks
candidates as (

    select
        bought.customer_number,
        rules.suggested_number,
        min(rules.rule_number) as rule_number

    from bought
    inner join rules on rules.product_number = bought.product_number
    where bought.is_kept
    group by bought.customer_number, rules.suggested_number

),

placed as (

    select
        candidates.customer_number,
        candidates.rule_number,
        row_number() over (
            partition by candidates.customer_number order by candidates.rule_number nulls last
        ) as place

    from candidates
    left join bought
        on bought.customer_number = candidates.customer_number
        and bought.product_number = candidates.suggested_number
    where bought.customer_number is null

),

final as (

    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        rules.suggested_product_key,
        rules.suggested_product_title,
        cast(placed.place as int) as place,
        rules.product_key as because_of_product_key,
        rules.product_title as because_of_product_title,
        rules.confidence,
        rules.confidence_lower_bound,
        rules.lift,
        rules.reason

    from placed
    inner join customers on customers.customer_number = placed.customer_number
    inner join rules on rules.rule_number = placed.rule_number
    where placed.place <= {{ var('suggestions_per_customer') }}

)

select * from final
