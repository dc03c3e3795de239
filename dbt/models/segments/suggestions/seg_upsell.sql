-- one row per customer and product one price tier above what they buy in its category, the best first
{%- set tier_limits = var('price_tiers') | map(attribute='maximum_rank') | list %}
with customers as (

    select * from {{ ref('int_customer_number') }}

),

bought as (

    select * from {{ ref('int_customer_product') }}

),

product_ranks as (

    select * from {{ ref('int_product_price_rank') }}

),

sold_products as (

    select * from {{ ref('int_sold_product') }}

),

categories as (

    select * from {{ ref('dim_category') }}

),

-- what the customer kept of a category, and how many of its products they ever bought
habits as (

    select
        bought.customer_number,
        product_ranks.category_number,
        sum(case when bought.is_kept then bought.days_bought end) as purchases,
        max(case when bought.is_kept then bought.last_order_date end) as last_order_date,
        count(*) as owned

    from bought
    inner join product_ranks on product_ranks.product_number = bought.product_number
    group by bought.customer_number, product_ranks.category_number
    having sum(case when bought.is_kept then bought.days_bought end) >= {{ var('upsell_min_purchases') }}

),

-- how dear that was: few have a habit, and a median keeps all of its values
prices as (

    select
        bought.customer_number,
        product_ranks.category_number,
        {{ weight(median('product_ranks.price_rank')) }} as median_price_rank

    from bought
    inner join product_ranks on product_ranks.product_number = bought.product_number
    semi join habits
        on habits.customer_number = bought.customer_number
        and habits.category_number = product_ranks.category_number
    where bought.is_kept
    group by bought.customer_number, product_ranks.category_number

),

tiers as (

    select
        habits.*,
        {{ price_tier_name('prices.median_price_rank') }} as price_tier,
        {{ cuts_below('prices.median_price_rank', tier_limits) }} as tier_place

    from habits
    inner join prices
        on prices.customer_number = habits.customer_number
        and prices.category_number = habits.category_number

),

-- in one order, so that the best of several is the lowest number
offers as (

    select
        product_ranks.category_number,
        product_ranks.category_key,
        sold_products.product_number,
        sold_products.product_key,
        sold_products.title,
        {{ price_tier_name('product_ranks.price_rank') }} as price_tier,
        {{ cuts_below('product_ranks.price_rank', tier_limits) }} as tier_place,
        row_number() over (
            order by sold_products.orders desc nulls last, sold_products.product_key nulls last
        ) as offer_number

    from product_ranks
    inner join sold_products on sold_products.product_number = product_ranks.product_number
    where sold_products.is_available and sold_products.orders >= {{ var('recommendation_min_orders') }}

),

placed_offers as (

    select
        *,
        row_number() over (
            partition by category_number, tier_place order by offer_number nulls last
        ) as place_in_tier

    from offers

),

-- of each category the product of the next tier that most orders hold and the customer does not own; they own as many
-- products of the category at most, and one of those is no dearer than their habit
candidates as (

    select
        tiers.customer_number,
        tiers.category_number,
        tiers.purchases,
        tiers.last_order_date,
        tiers.price_tier,
        min(offers.offer_number) as offer_number

    from tiers
    inner join placed_offers as offers
        on offers.category_number = tiers.category_number
        and offers.tier_place = tiers.tier_place + 1
        and offers.place_in_tier <= tiers.owned
    left join bought
        on bought.customer_number = tiers.customer_number
        and bought.product_number = offers.product_number
    where bought.customer_number is null
    group by tiers.customer_number, tiers.category_number, tiers.purchases, tiers.last_order_date, tiers.price_tier

),

placed as (

    select
        candidates.customer_number,
        offers.category_key,
        candidates.purchases,
        candidates.price_tier as usual_price_tier,
        offers.price_tier as suggested_price_tier,
        offers.product_key,
        offers.title,
        row_number() over (
            partition by candidates.customer_number
            order by
                candidates.purchases desc nulls last,
                candidates.last_order_date desc nulls last,
                offers.category_key nulls last
        ) as place

    from candidates
    inner join offers on offers.offer_number = candidates.offer_number

),

final as (

    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        cast(placed.place as int) as place,
        placed.product_key as suggested_product_key,
        placed.title as suggested_product_title,
        placed.category_key,
        categories.name as category_name,
        cast(placed.purchases as bigint) as purchases,
        placed.usual_price_tier,
        placed.suggested_price_tier,
        'bought ' || coalesce(categories.name, 'this category') || ' ' || cast(placed.purchases as string)
        || ' times, usually in price tier ' || placed.usual_price_tier || '; this one is ' || placed.suggested_price_tier
            as reason

    from placed
    inner join customers on customers.customer_number = placed.customer_number
    left join categories on categories.category_key = placed.category_key
    where placed.place <= {{ var('suggestions_per_customer') }}

)

select * from final
