"""The events of the simulated shop of the scale benchmark that belong to no order, as DuckDB's SQL.

They read the relation `happened` (number, happened_at, customer), which HAPPENED makes, and use the macros of
shop_rows.py.
"""

from benchmarks.shop_rows import DAYS, START

# Events of a span of time, spread evenly over it in the order of their numbers.
HAPPENED = """
    select
        {first} + range as number,
        timestamp '{begin}' + to_seconds(cast(range * {seconds} as hugeint) // {events}) as happened_at,
        someone({first} + range, '{what}') as customer
    from range({events})
"""

BROWSE_EVENTS = """
    select
        'B' || id(number) as event_id,
        case when u(number, 'known') < 0.7 then customer_id(customer) end as customer_id,
        'visitor' || id(customer) as visitor_id,
        one_of(['visit', 'product_view', 'product_view', 'search'], u(number, 'kind')) as event_type,
        case
            when event_type = 'search' then 'term ' || id(floor(5000 * power(u(number, 'term'), 3)))
        end as search_term,
        case when event_type = 'product_view' then id(product(number, customer)) end as product_id,
        happened_at as occurred_at,
        shop_channel(number) as channel,
        shop_device(number) as device,
        happened_at as updated_at
    from happened
"""

MESSAGES = f"""
    select
        'N' || id(number) as message_event_id,
        'K' || id(customer) as contact_id,
        'P' || least({DAYS} // 7 - 1, date_diff('day', {START}, happened_at) // 7) as campaign_id,
        case
            when u(number, 'kind') < 0.4 then 'sent'
            when u(number, 'kind') < 0.75 then 'delivered'
            when u(number, 'kind') < 0.91 then 'opened'
            when u(number, 'kind') < 0.98 then 'clicked'
            when u(number, 'kind') < 0.985 then 'bounced'
            when u(number, 'kind') < 0.99 then 'unsubscribed'
            else 'converted'
        end as event_type,
        u(number, 'machine') < 0.1 as is_machine,
        happened_at as occurred_at,
        happened_at as updated_at
    from happened
    where has_contact(customer)
"""

TICKETS = """
    select
        'T' || id(number) as ticket_id,
        'K' || id(customer) as contact_id,
        happened_at as opened_at,
        by_then(happened_at + to_days(3), timestamp '{known_until}') as closed_at,
        case when closed_at is null then 'open' else 'closed' end as status,
        case when closed_at is not null then one_of([1, 3, 4, 5, 5], u(number, 'satisfied')) end as satisfaction,
        happened_at as updated_at
    from happened
    where has_contact(customer)
"""

SURVEY_RESPONSES = """
    select
        'S' || id(number) as response_id,
        'K' || id(customer) as contact_id,
        'nps' as survey_type,
        one_of([0, 3, 5, 6, 7, 8, 8, 9, 9, 10, 10, 10], u(number, 'score')) as score,
        happened_at as answered_at,
        happened_at as updated_at
    from happened
    where has_contact(customer)
"""
