"""The rows of the simulated shop of the scale benchmark, as DuckDB's SQL: what an order, a customer or an event is.

Nothing is drawn: every value follows from the number of its customer, order or line through DuckDB's hash, so the same
numbers give the same rows in any order and on any number of threads. Files and counts of rows stand in shop.py.

Relations that the queries read: `placed` (order_number, customer, ordered_at) and `line`, which LINES makes of it.
What happens to an order after it was placed is in its row once it is older than `known_until`. What happens without an
order stands in shop_events.py.
"""

START = "timestamp '2022-12-31 23:00:00'"  # the first midnight in Berlin, in UTC
DAYS = 1096
TOPS, MIDDLES, LEAVES = 10, 50, 250  # categories on each level; a product's leaf is its number modulo LEAVES
MOST_ORDERS = 500  # of one customer
MEMORY_OF_ORDERS = 45  # days after which nothing happens to an order any more


def macros(products: int, customers: int) -> str:
    """What the queries share, as macros of DuckDB: shares between 0 and 1, and what follows from a number."""
    scarce = MOST_ORDERS**-0.8
    return f"""
    -- hashed twice: DuckDB combines the hashes of two values so simply that shares of one number would go together
    create macro u(number, what) as
        cast(hash(hash(cast(number as bigint), what)) >> 11 as double) / 9007199254740992;
    create macro one_of(names, share) as names[1 + cast(floor(len(names) * share) as int)];
    create macro id(number) as cast(cast(number as bigint) as varchar);
    create macro cents(amount) as cast(amount / 100 as decimal(12, 2));

    -- most customers order once, a few hundreds of times; the shares are spread evenly, so that sums do not vary
    create macro orders_of(customer) as cast(floor(
        power({scarce} + (1 - {scarce}) * ((customer * 0.6180339887498949) % 1), -1 / 0.8)) as bigint);
    create macro joined(customer) as  -- who ordered often has been there for long
        power(u(customer, 'joined'), 0.7) * 60 / (59 + orders_of(customer));
    create macro seasonal(share) as share * {DAYS} - 11 * sin(6 * pi() * share);
    create macro created_at(customer) as
        {START} + to_days(cast(floor(seasonal(joined(customer))) as int));
    create macro is_guest(customer) as u(customer, 'guest') < 0.05;
    create macro customer_id(customer) as case when not is_guest(customer) then id(customer) end;
    create macro email(customer) as 'customer' || id(customer) || '@example.' ||
        one_of(['com', 'com', 'net', 'org'], u(customer, 'mail'));
    create macro digits(customer) as lpad(id((customer * 7919 + 12345678) % 100000000), 8, '0');
    create macro phone(customer) as case
        when u(customer, 'phone') < 0.28 then '+49151' || digits(customer)
        when u(customer, 'phone') < 0.4 then '0151 ' || digits(customer)
    end;
    create macro country(customer) as
        one_of(['DE', 'DE', 'DE', 'DE', 'DE', 'DE', 'DE', 'AT', 'CH', 'NL'], u(customer, 'country'));
    create macro city(customer) as 'City ' || id(floor(400 * power(u(customer, 'city'), 2)));
    create macro first_name(customer) as 'First' || id(floor(2000 * power(u(customer, 'first'), 2)));
    create macro last_name(customer) as 'Last' || id(floor(20000 * power(u(customer, 'last'), 2)));
    create macro birth_date(customer) as case when u(customer, 'born') < 0.6 then
        date '1945-01-01' + cast(floor(22000 * u(customer, 'birth')) as int) end;
    create macro gender(customer) as one_of(['female', 'female', 'male', 'male', 'other', null], u(customer, 'gender'));
    create macro has_contact(customer) as u(customer, 'contact') < 0.6;
    create macro someone(number, what) as cast(floor({customers} * u(number, what)) as bigint);

    -- popular as Zipf has it, flattened at the top; half of the purchases are in the customer's own category
    create macro popular(share) as cast(floor(20 * (power(1 + {products} / 20.0, share) - 1)) as bigint);
    create macro product(line, customer) as case
        when u(line, 'own') < 0.5 then popular(u(line, 'product'))
        else popular(u(line, 'product')) // {TOPS} * {TOPS} + cast(floor({TOPS} * u(customer, 'own')) as bigint)
    end;
    create macro price_cents(product) as 99 + 100 * cast(floor(2 + 80 * power(u(product, 'price'), 3)) as bigint);
    create macro line_count(order_number) as 1 + cast(floor(7 * power(u(order_number, 'lines'), 2.5)) as int);
    create macro discount_percent(order_number) as case when u(order_number, 'discount') < 0.3
        then one_of([5, 10, 15, 20], u(order_number, 'percent')) else 0 end;
    create macro days_later(moment, least, most, order_number, what) as
        moment + to_seconds(floor(86400 * (least + (most - least) * u(order_number, what))));
    create macro by_then(moment, known_until) as case when moment < known_until then moment end;
    create macro shop_device(number) as one_of(['desktop', 'mobile', 'mobile', 'tablet'], u(number, 'device'));
    create macro shop_channel(number) as one_of(['web', 'web', 'app'], u(number, 'channel'));
    """


PLACED = f"""
    select
        customer,
        {START}
            + to_days(cast(floor(seasonal(
                joined + case when turn = 0 then 0 else stays * u(customer * {MOST_ORDERS} + turn, 'when') end
            )) as int))
            + to_seconds(floor(86400 * (0.25 + 0.74 * u(customer * {MOST_ORDERS} + turn, 'second')))) as ordered_at
    from (
        select
            customer,
            joined(customer) as joined,
            (1 - joined(customer)) * least(1, 1.6 * u(customer, 'stays') + orders_of(customer) / 60) as stays,
            unnest(range(orders_of(customer))) as turn
        from (select range as customer from range({{customers}}))
    )
    order by ordered_at, customer
"""

# Of a day after the shop's first three years: some of its customers are new, the others anybody.
PLACED_ON_A_DAY = """
    select
        {first_order} + range as order_number,
        case when range < {new_customers} then {first_customer} + range else someone(range + {first_order}, 'who') end
            as customer,
        timestamp '{begin}' + to_seconds(range * 86399 // {orders}) as ordered_at
    from range({orders})
"""

LINES = """
    select
        *,
        price_cents(product) as unit_cents,
        pieces * price_cents(product) as gross_cents,
        cast(round(pieces * price_cents(product) * discount_percent(order_number) / 100) as bigint) as discount_cents
    from (
        select
            *,
            order_number * 8 + place as line_number,
            product(order_number * 8 + place, customer) as product,
            1 + cast(floor(5 * power(u(order_number * 8 + place, 'pieces'), 8)) as bigint) as pieces
        from (select *, unnest(range(line_count(order_number))) as place from placed)
    )
"""

ORDER_LINES = """
    select
        id(line_number) as order_line_id,
        id(order_number) as order_id,
        id(product) as product_id,
        'SKU-' || id(product) as sku,
        'Product ' || id(product) as title,
        cast(pieces as int) as quantity,
        cents(unit_cents) as unit_price,
        cents(gross_cents) as gross_amount,
        cents(round(cast(0.19 as double) * (gross_cents - discount_cents))) as tax_amount,
        cents(discount_cents) as discount_amount,
        product % 97 <> 13 as is_merchandise,
        ordered_at as updated_at
    from line
"""

ORDERS = """
    with dated as (
        select
            *,
            case
                when u(order_number, 'cancelled') < 0.015
                    then by_then(days_later(ordered_at, 0.1, 3, order_number, 'cancels'), known_until)
            end as cancelled_at,
            case
                when u(order_number, 'cancelled') >= 0.015
                    then by_then(days_later(ordered_at, 2, 6, order_number, 'arrives'), known_until)
            end as delivered_at,
            case
                when u(order_number, 'cancelled') >= 0.015 and u(order_number, 'refunded') < 0.04
                    then by_then(days_later(ordered_at, 8, 40, order_number, 'returns'), known_until)
            end as refunded_at
        from placed cross join (select timestamp '{known_until}' as known_until)
    ),
    totals as (
        select
            order_number,
            sum(gross_cents) as gross_cents,
            sum(discount_cents) as discount_cents,
            sum(cast(round(cast(0.19 as double) * (gross_cents - discount_cents)) as bigint)) as tax_cents
        from line
        group by order_number
    )
    select
        id(order_number) as order_id,
        customer_id(customer) as customer_id,
        email(customer) as email,
        phone(customer) as phone,
        ordered_at,
        case
            when cancelled_at is not null then 'cancelled'
            when refunded_at is not null and line_count(order_number) = 1 then 'refunded'
            when refunded_at is not null then 'partially_refunded'
            when delivered_at is not null then 'fulfilled'
            else 'paid'
        end as status,
        u(order_number, 'test') < 0.002 as is_test,
        ordered_at as paid_at,
        cancelled_at,
        'EUR' as currency,
        cents(discount_cents) as discount_amount,
        cents(490) as shipping_amount,
        cents(tax_cents) as tax_amount,
        cents(gross_cents - discount_cents + tax_cents + 490) as total_amount,
        case when discount_percent(order_number) > 0 then 'SAVE' || discount_percent(order_number) end as coupon_code,
        shop_channel(order_number) as channel,
        shop_device(order_number) as device,
        country(customer) as country,
        city(customer) as city,
        delivered_at,
        greatest(ordered_at, cancelled_at, delivered_at, refunded_at) as updated_at
    from dated
    inner join totals using (order_number)
"""

REFUNDS = """
    select * from (
        select
            'R' || id(order_number) as refund_id,
            id(order_number) as order_id,
            id(line_number) as order_line_id,
            cast(pieces as int) as quantity,
            cents(gross_cents - discount_cents) as amount,
            cents(round(cast(0.19 as double) * (gross_cents - discount_cents))) as other_amount,
            days_later(ordered_at, 8, 40, order_number, 'returns') as refunded_at,
            refunded_at as updated_at
        from line
        where place = 0 and u(order_number, 'cancelled') >= 0.015 and u(order_number, 'refunded') < 0.04
    )
    where refunded_at < timestamp '{known_until}'
"""

REVIEWS = """
    select * from (
        select
            'V' || id(order_number) as review_id,
            customer_id(customer) as customer_id,
            id(order_number) as order_id,
            id(product(order_number * 8, customer)) as product_id,
            one_of([1, 2, 3, 4, 4, 5, 5, 5], u(order_number, 'stars')) as rating,
            u(order_number, 'written') < 0.6 as has_text,
            days_later(ordered_at, 7, 30, order_number, 'reviews') as reviewed_at,
            reviewed_at as updated_at
        from placed
        where u(order_number, 'review') < 0.03
    )
    where reviewed_at < timestamp '{known_until}'
"""

# One order of eight had a checkout that the shop kept; half of those were left by somebody else instead.
CHECKOUTS = """
    select
        'C' || id(order_number) as checkout_id,
        customer_id(shopper) as customer_id,
        email(shopper) as email,
        ordered_at - interval 10 minutes as started_at,
        case when shopper = customer then id(order_number) end as completed_order_id,
        cents(price_cents(product(order_number * 8, customer)) + price_cents(product(order_number * 8 + 1, customer)))
            as value,
        'EUR' as currency,
        shop_device(order_number) as device,
        shop_channel(order_number) as channel,
        started_at as updated_at
    from (
        select
            *,
            case when u(order_number, 'left') < 0.5 then customer else someone(order_number, 'shopper') end as shopper
        from placed
        where order_number % 8 = 3
    )
"""

CHECKOUT_LINES = """
    select
        'C' || id(order_number) as checkout_id,
        id(product(order_number * 8 + place, customer)) as product_id,
        id(place) as checkout_line_id,
        1 as quantity,
        cents(price_cents(product(order_number * 8 + place, customer))) as unit_price,
        ordered_at - interval 10 minutes as updated_at
    from placed
    cross join (values (0), (1)) as places (place)
    where order_number % 8 = 3
"""

CUSTOMERS = """
    select
        id(customer) as customer_id,
        email(customer) as email,
        phone(customer) as phone,
        first_name(customer) as first_name,
        last_name(customer) as last_name,
        birth_date(customer) as birth_date,
        gender(customer) as gender,
        case when country(customer) = 'NL' then 'nl' else 'de' end as language,
        country(customer) as country,
        city(customer) as city,
        lpad(id(floor(99999 * u(customer, 'post'))), 5, '0') as postal_code,
        {created_at} as created_at,
        created_at as updated_at
    from (select range as customer from range({first}, {end}))
    where not is_guest(customer)
"""

CONTACTS = """
    select
        'K' || id(customer) as contact_id,
        case when u(customer, 'spelling') < 0.2 then upper(email(customer)) else email(customer) end as email,
        case when phone(customer) is not null then '+49151' || digits(customer) end as phone,
        case when u(customer, 'known') < 0.9 then customer_id(customer) end as shop_customer_id,
        first_name(customer) as first_name,
        last_name(customer) as last_name,
        birth_date(customer) as birth_date,
        gender(customer) as gender,
        one_of(['low', 'middle', 'high', null], u(customer, 'income')) as income_band,
        country(customer) as country,
        {created_at} as created_at,
        created_at as updated_at
    from (select range as customer from range({first}, {end}))
    where has_contact(customer)
"""

CONSENTS = """
    select
        'K' || id(customer) as contact_id,
        channel,
        case when u(customer, channel) < 0.85 then 'granted' else 'withdrawn' end as status,
        {created_at} as occurred_at,
        occurred_at as updated_at
    from (select range as customer from range({first}, {end}))
    cross join (values ('email', 1.0), ('sms', 0.3)) as channels (channel, share)
    where has_contact(customer) and u(customer, 'asked ' || channel) < share
"""

FAVOURITES = """
    select
        id(customer) as customer_id,
        id(product(-customer, customer)) as product_id,
        {created_at} + interval 1 hour as added_at,
        added_at as updated_at
    from (select range as customer from range({first}, {end}))
    where not is_guest(customer) and u(customer, 'marks') < 0.3
"""

PRODUCTS = """
    select
        id(range) as product_id,
        'SKU-' || id(range) as sku,
        'Product ' || id(range) as title,
        'Brand ' || id(floor(500 * u(range, 'brand'))) as brand,
        'L' || range % {leaves} as category_id,
        cents(round(cast(1.19 as double) * price_cents(range))) as price,
        cast(floor(200 * u(range, 'stock')) as int) as stock_quantity,
        u(range, 'active') < 0.97 as is_active,
        {start} as updated_at
    from range({products})
"""

CATEGORIES = f"""
    select category_id, 'Category ' || category_id as name, parent_category_id, {START} as updated_at
    from (
        select 'T' || range as category_id, cast(null as varchar) as parent_category_id from range({TOPS})
        union all
        select 'M' || range, 'T' || range % {TOPS} from range({MIDDLES})
        union all
        select 'L' || range, 'M' || range % {MIDDLES} from range({LEAVES})
    )
"""

CAMPAIGNS = f"""
    select
        'P' || range as campaign_id,
        'Campaign ' || range as name,
        one_of(['email', 'email', 'sms'], u(range, 'campaign')) as channel,
        {START} + to_days(cast(range * 7 as int)) as started_at,
        started_at + to_days(7) as ended_at,
        started_at as updated_at
    from range({DAYS} // 7)
"""
