-- one row per customer who reviewed, answered a survey, referred somebody or asked customer care by the as-of date
{%- set promoter, detractor = var('nps_promoter_from'), var('nps_detractor_up_to') %}
with reviews as (

    select
        customer_key,
        count(*) as reviews,
        sum(case when has_text then 1 else 0 end) as written_reviews,
        {{ ratio('sum(rating)', 'count(rating)') }} as average_rating,
        max(reviewed_date) as last_review_date

    from {{ ref('fct_review') }}
    where customer_key is not null and reviewed_date <= {{ as_of_date() }}
    group by customer_key

),

-- the latest answer on the likelihood of a recommendation, while it is fresh
answers as (

    select
        customer_key,
        score,
        answered_date,
        row_number() over (
            partition by customer_key order by answered_at desc nulls last, survey_response_key nulls last
        ) as answer_number

    from {{ ref('fct_survey_response') }}
    where customer_key is not null and survey_type = 'nps' and answered_date <= {{ as_of_date() }}

),

nps as (

    select
        customer_key,
        score as nps_score,
        answered_date as nps_date

    from answers
    where
        answer_number = 1
        and {{ days_between(as_of_date(), 'answered_date') }} < {{ var('nps_valid_days') }}

),

referrals as (

    select
        customer_key,
        count(*) as referrals,
        sum(
            case
                when
                    ordered_date <= {{ as_of_date() }}
                    and (invalid_from is null or invalid_from > {{ as_of_date() }})
                    then 1
                else 0
            end
        ) as successful_referrals

    from {{ ref('fct_referral') }}
    where customer_key is not null and referred_date <= {{ as_of_date() }}
    group by customer_key

),

tickets as (

    select
        customer_key,
        count(*) as tickets,
        sum(case when closed_date is null or closed_date > {{ as_of_date() }} then 1 else 0 end) as open_tickets

    from {{ ref('fct_ticket') }}
    where customer_key is not null and opened_date <= {{ as_of_date() }}
    group by customer_key

),

speakers as (

    select customer_key from reviews
    union
    select customer_key from nps
    union
    select customer_key from referrals
    union
    select customer_key from tickets

),

final as (

    select
        speakers.customer_key,
        cast(coalesce(reviews.reviews, 0) as bigint) as reviews,
        cast(coalesce(reviews.written_reviews, 0) as bigint) as written_reviews,
        reviews.average_rating,
        reviews.last_review_date,
        nps.nps_score,
        nps.nps_date,
        case
            when nps.nps_score >= {{ promoter }} then 'promoter'
            when nps.nps_score <= {{ detractor }} then 'detractor'
            when nps.nps_score is not null then 'passive'
        end as nps_class,
        cast(coalesce(referrals.referrals, 0) as bigint) as referrals,
        cast(coalesce(referrals.successful_referrals, 0) as bigint) as successful_referrals,
        cast(coalesce(tickets.tickets, 0) as bigint) as tickets,
        cast(coalesce(tickets.open_tickets, 0) as bigint) as open_tickets

    from speakers
    left join reviews on reviews.customer_key = speakers.customer_key
    left join nps on nps.customer_key = speakers.customer_key
    left join referrals on referrals.customer_key = speakers.customer_key
    left join tickets on tickets.customer_key = speakers.customer_key

)

select * from final
