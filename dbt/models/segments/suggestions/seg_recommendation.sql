-- one row per customer and product recommended to them, the best new ones and the best to buy again
with customers as (

    select * from {{ ref('int_customer_number') }}

),

bought as (

    select * from {{ ref('int_customer_product') }}

),

products as (

    select * from {{ ref('int_sold_product') }}

),

available_products as (

    select product_number from products where is_available

),

neighbours as (

    select * from {{ ref('int_product_neighbour') }}

),

owned as (

    select
        customers.customer_number,
        products.product_number,
        bought.days_bought,
        bought.last_order_date,
        bought.is_kept and products.is_repeat_purchase as is_worth_repeating

    from bought
    inner join customers on customers.customer_key = bought.customer_key
    inner join products on products.product_key = bought.product_key

),

-- every kind of interest that a customer showed in a product, and how much it weighs
interests as (

    select customer_key, product_key, last_order_date as shown_date, 1.0 as interest, 'bought' as did
    from bought
    where is_kept

    union all

    select customer_key, product_key, added_date, {{ var('recommendation_favourite_weight') }}, 'likes'
    from {{ ref('fct_favourite') }}
    where
        added_date <= {{ as_of_date() }}
        and (removed_date is null or removed_date > {{ as_of_date() }})

    union all

    select customer_key, product_key, max(occurred_date), {{ var('recommendation_view_weight') }}, 'viewed'
    from {{ ref('fct_browse_event') }}
    where event_type = 'product_view' and occurred_date <= {{ as_of_date() }}
    group by customer_key, product_key

),

strongest as (

    select
        customers.customer_number,
        products.product_number,
        interests.did,
        cast(interests.interest as decimal(9, 6)) as interest,
        max(interests.shown_date) over (
            partition by customers.customer_number, products.product_number
        ) as shown_date,
        row_number() over (
            partition by customers.customer_number, products.product_number
            order by interests.interest desc nulls last, interests.did nulls last, interests.shown_date nulls last
        ) as strength

    from interests
    inner join customers on customers.customer_key = interests.customer_key
    inner join products on products.product_key = interests.product_key
    where products.orders >= {{ var('recommendation_min_orders') }}

),

latest as (

    select
        *,
        row_number() over (
            partition by customer_number
            order by shown_date desc nulls last, product_number nulls last
        ) as place

    from strongest
    where strength = 1

),

voters as (

    select
        customer_number,
        product_number,
        did,
        interest

    from latest
    where place <= {{ var('recommendation_products') }}

),

cast_votes as (

    select
        voted.product_number,
        voted.did,
        neighbours.neighbour_number,
        {{ vote('neighbours.cosine', 'voted.interest') }} as vote

    from (select distinct product_number, did, interest from voters) as voted
    inner join neighbours on neighbours.product_number = voted.product_number
    inner join available_products on available_products.product_number = neighbours.neighbour_number

),

-- all in one order, so that the one of several that counts most is the lowest number
votes as (

    select
        *,
        row_number() over (
            order by vote desc nulls last, product_number nulls last, did nulls last, neighbour_number nulls last
        ) as vote_number

    from cast_votes

),

scores as (

    select
        voters.customer_number,
        votes.neighbour_number as product_number,
        cast(sum(votes.vote) as decimal(38, 9)) as score,
        min(votes.vote_number) as vote_number

    from voters
    inner join votes on votes.product_number = voters.product_number and votes.did = voters.did
    group by voters.customer_number, votes.neighbour_number

),

-- a step is a score to a quarter of its logarithm
candidates as (

    select
        scores.customer_number,
        scores.product_number,
        scores.score,
        scores.vote_number,
        coalesce(owned.days_bought, 0) as days_bought,
        owned.last_order_date,
        case when owned.customer_number is null then 'new' else 'again' end as kind,
        cast(floor(4 * ln(greatest(cast(scores.score as double), 0.000000001))) as int) as step

    from scores
    left join owned
        on owned.customer_number = scores.customer_number
        and owned.product_number = scores.product_number
    where coalesce(owned.is_worth_repeating, true)

),

steps as (

    select
        customer_number,
        step,
        count(*) as products

    from candidates
    where kind = 'new'
    group by customer_number, step

),

climbed as (

    select
        customer_number,
        step,
        sum(products) over (
            partition by customer_number order by step desc nulls last
            rows between unbounded preceding and current row
        ) - products as products_above

    from steps

),

lowest_steps as (

    select
        customer_number,
        min(step) as step

    from climbed
    where products_above < {{ var('suggestions_per_customer') }}
    group by customer_number

),

-- of the many new ones only those are put in order that may be among the best
contenders as (

    select candidates.*

    from candidates
    left join lowest_steps on lowest_steps.customer_number = candidates.customer_number
    where candidates.kind = 'again' or candidates.step >= lowest_steps.step

),

-- what somebody bought before they buy again as they did: most often first
placed as (

    select
        *,
        row_number() over (
            partition by customer_number, kind
            order by
                days_bought desc nulls last,
                last_order_date desc nulls last,
                score desc nulls last,
                product_number nulls last
        ) as place

    from contenders

),

suggestions as (

    select * from placed where place <= {{ var('suggestions_per_customer') }}

),

final as (

    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        suggestions.kind,
        cast(suggestions.place as int) as place,
        products.product_key as suggested_product_key,
        products.title as suggested_product_title,
        suggestions.score,
        because_of.product_key as because_of_product_key,
        because_of.title as because_of_product_title,
        case
            when suggestions.kind = 'new'
                then
                    votes.did || ' ' || coalesce(because_of.title, 'a product')
                    || ', whose buyers often buy this too'
            else
                'bought this on ' || cast(suggestions.days_bought as string)
                || case when suggestions.days_bought = 1 then ' day' else ' days' end || ', and '
                || {{ percent('products.repeat_share') }} || ' of its buyers buy it again'
        end as reason

    from suggestions
    inner join customers on customers.customer_number = suggestions.customer_number
    inner join products on products.product_number = suggestions.product_number
    inner join votes on votes.vote_number = suggestions.vote_number
    inner join products as because_of on because_of.product_number = votes.product_number

)

select * from final
