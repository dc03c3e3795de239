-- one row per customer and product suggested to them because of another that they bought, the best first
{%- set places = var('suggestions_per_customer') %}
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

best_rules as (

    select * from rules where rule_number <= (select count(*) from rules) * {{ var('cross_sell_best_rules') }}

),

{#- Most customers have all of their suggestions from the best rules; only for the others all rules are joined. #}
{%- for step, of_customers, by_rules in [('best', 'bought', 'best_rules'), ('further', 'bought_by_others', 'rules')] %}

-- of the rules that suggest a product to a customer the best one speaks; no rule is for what the customer has
{{ step }}_candidates as (

    select
        customer_number,
        product_number,
        min(rule_number) as rule_number

    from (
        select
            bought.customer_number,
            rules.suggested_number as product_number,
            rules.rule_number
        from {{ of_customers }} as bought
        inner join {{ by_rules }} as rules on rules.product_number = bought.product_number
        where bought.is_kept

        union all

        select customer_number, product_number, null as rule_number
        from {{ of_customers }}
    ) as suggested
    group by customer_number, product_number
    having count(*) = count(rule_number)

),

{{ step }}_placed as (

    select
        customer_number,
        rule_number,
        row_number() over (partition by customer_number order by rule_number nulls last) as place

    from {{ step }}_candidates

),
{%- if loop.first %}

served as (

    select customer_number from best_placed where place = {{ places }}

),

bought_by_others as (

    select bought.*

    from bought
    left join served on served.customer_number = bought.customer_number
    where served.customer_number is null

),
{%- endif %}
{%- endfor %}

placed as (

    select best_placed.*
    from best_placed
    inner join served on served.customer_number = best_placed.customer_number

    union all

    select * from further_placed

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
    where placed.place <= {{ places }}

)

select * from final
