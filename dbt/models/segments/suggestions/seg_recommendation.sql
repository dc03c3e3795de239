-- one row per customer and product recommended to them, the best new ones and the best to buy again
with recommendations as (

    select * from {{ ref('int_recommendation') }}

),

customers as (

    select * from {{ ref('int_customer_number') }}

),

products as (

    select * from {{ ref('int_sold_product') }}

),

-- what is said of a product as the suggestion, and as the one whose vote counts most
said as (

    select
        *,
        coalesce(title, 'a product') || ', whose buyers often buy this too' as reason_of_new,
        {{ percent('repeat_share') }} || ' of its buyers buy it again' as reason_of_again

    from products

),

final as (

    select
        customers.customer_key,
        {{ as_of_date() }} as as_of_date,
        recommendations.kind,
        recommendations.place,
        suggested.product_key as suggested_product_key,
        suggested.title as suggested_product_title,
        recommendations.score,
        because_of.product_key as because_of_product_key,
        because_of.title as because_of_product_title,
        case
            when recommendations.kind = 'new'
                then recommendations.did || ' ' || because_of.reason_of_new
            else
                'bought this on ' || cast(recommendations.days_bought as string)
                || case when recommendations.days_bought = 1 then ' day' else ' days' end || ', and '
                || suggested.reason_of_again
        end as reason

    from recommendations
    inner join customers on customers.customer_number = recommendations.customer_number
    inner join said as suggested on suggested.product_number = recommendations.product_number
    inner join said as because_of on because_of.product_number = recommendations.voter_number

)

select * from final
