"""The suites of the contract: a good contract passes them, and every expectation fails for its fault."""

from pathlib import Path

import pytest
from suite_faults import database, failures, faulty, sentences, stage_suites

LIMITS = {"max_quarantined_share": 0.01}
SUITES = stage_suites("contract", LIMITS)

GOOD = """
create schema contract;
create table contract.customers as
    select 'shop' as source_system, 'c' || i as customer_id, 'c' || i || '@example.org' as email,
        date '1980-01-01' + i::int as birth_date
    from range(200) t(i);
create table contract.contacts as
    select 'crm' as source_system, 'h' || i as contact_id, 'c' || i || '@example.org' as email,
        date '1980-01-01' + i::int as birth_date, 'c' || i as shop_customer_id
    from range(200) t(i);
create table contract.categories as
    select 'shop' as source_system, 'k' || i as category_id,
        case when i > 0 then 'k' || (i // 3) end as parent_category_id
    from range(40) t(i);
create table contract.products as
    select 'shop' as source_system, 'p' || i as product_id, 'k' || (i % 40) as category_id
    from range(200) t(i);
create table contract.orders as
    select 'shop' as source_system, 'o' || i as order_id, 'c' || (i % 50) as customer_id,
        'c' || (i % 50) || '@example.org' as email, 'paid' as status, false as is_test,
        100::decimal(18, 4) as total_amount, 10::decimal(18, 4) as tax_amount, null::decimal(18, 4) as shipping_amount
    from range(500) t(i);
create table contract.order_lines as
    select 'shop' as source_system, 'l' || i as order_line_id, 'o' || (i // 2) as order_id,
        'p' || (i % 200) as product_id, 1::decimal(18, 4) as quantity, 50::decimal(18, 4) as unit_price,
        50::decimal(18, 4) as gross_amount, 5::decimal(18, 4) as discount_amount, true as is_merchandise,
        1::decimal(18, 9) as exchange_rate, false as is_deleted
    from range(1000) t(i);
create table contract.refunds as
    select 'shop' as source_system, 'r' || i as refund_id, 'o' || i as order_id, 10::decimal(18, 4) as amount,
        1::decimal(18, 9) as exchange_rate
    from range(50) t(i);
create table contract.checkouts as
    select 'shop' as source_system, 'b' || i as checkout_id,
        case when i % 3 > 0 then 'o' || i end as completed_order_id
    from range(200) t(i);
create table contract.reviews as
    select 'shop' as source_system, 'v' || i as review_id, case when i % 3 > 0 then 'o' || i end as order_id
    from range(200) t(i);
create table contract.browse_events as
    select 'shop' as source_system, 'e' || i as event_id, case when i % 3 > 0 then 'p' || (i % 200) end as product_id
    from range(400) t(i);
create table contract.favourites as
    select 'shop' as source_system, 'c' || (i % 50) as customer_id, 'p' || i as product_id from range(200) t(i);
create table contract.tickets as
    select 'crm' as source_system, 't' || i as ticket_id, timestamp '2024-01-02' as opened_at,
        case when i % 3 > 0 then timestamp '2024-01-03' end as closed_at
    from range(50) t(i);
create table contract.messages as
    select 'crm' as source_system, 'm' || i as message_event_id, 'h' || (i % 200) as contact_id
    from range(500) t(i);
create table contract.consents as
    select 'crm' as source_system, 'h' || i as contact_id from range(200) t(i);
create table contract.campaigns as
    select 'crm' as source_system, 'a' || i as campaign_id, timestamp '2024-01-01' as started_at,
        case when i > 0 then timestamp '2024-01-02' end as ended_at
    from range(50) t(i);
create table contract.exchange_rates as
    select 'shop' as source_system, date '2024-01-01' + i::int as rate_date, 'USD' as from_currency,
        'EUR' as to_currency, (0.9 + i / 1000)::decimal(18, 9) as rate
    from range(30) t(i)
    union all
    select 'shop', date '2024-01-01' + i::int, 'EUR', 'USD', (1 / (0.9 + i / 1000))::decimal(18, 9)
    from range(30) t(i);
create table contract.raw_reconciliation as
    select 'shop' as source_system, 'shop/orders' as raw_table, 1000 as raw_rows, 980 as contract_rows,
        10 as quarantined_rows, 10 as superseded_rows, 99000.00 as contract_amount,
        1000.00 as quarantined_amount, 500.00 as superseded_amount;
create table contract.int_raw_destination as
    select 'shop/orders' as raw_table, 'quarantined' as outcome, * from (values ('orphan', 2), ('no_rate', 9))
        as reasons (reject_reason, row_count);
"""

FAULTS = {
    ("raw_reconciliation", "every raw row is kept, quarantined or superseded"): (
        "update contract.raw_reconciliation set superseded_rows = 9",
        "shop/orders: 1000 in raw, 980 kept, 10 quarantined, 9 superseded",
    ),
    ("raw_reconciliation", "at most 1.00% of a table's rows are quarantined"): (
        "update contract.raw_reconciliation set quarantined_rows = 11, contract_rows = 979",
        "shop/orders: 11 of 1000 (no_rate 9, orphan 2)",
    ),
    ("raw_reconciliation", "at most 1.00% of a table's money is quarantined"): (
        "update contract.raw_reconciliation set quarantined_amount = 1000.02",
        "shop/orders: 1000.02 of 100000.02",
    ),
    ("orders", "at least half of the orders are neither cancelled nor voided"): (
        "update contract.orders set status = case when total_amount > 0 then 'cancelled' end",
        "500 of 500 rows fail: o0",
    ),
    ("orders", "at least half of the orders are no tests"): (
        "update contract.orders set is_test = true",
        "500 of 500 rows fail: o0",
    ),
    ("orders", "at least half of the orders have lines"): (
        "delete from contract.order_lines where order_id > 'o3'",
        "of 500 rows fail",
    ),
    ("orders", "some order has a total above zero"): (
        "update contract.orders set total_amount = 0",
        "it is 0",
    ),
    ("orders", "no single e-mail address, such as a placeholder, stands on a tenth of the orders"): (
        "update contract.orders set email = ' Guest@example.org' where order_id like '%1%'",
        "orders: 176",
    ),
    ("orders", "no single customer record, such as one for all guests, holds a tenth of the orders"): (
        "update contract.orders set customer_id = 'c0' where order_id like '%1%'",
        "rows fail: c0",
    ),
    ("orders", "lines without tax, shipping and tax add up to the total of an order (are prices mapped with tax?)"): (
        "update contract.order_lines set gross_amount = 55",
        "500 of 500 rows fail: o",
    ),
    ("browse_events", "at least half of the events that name a product name a known one"): (
        "update contract.browse_events set product_id = 'x'",
        "400 of 400 rows fail: e",
    ),
    ("favourites", "at least half of the favourites name a known customer and product"): (
        "update contract.favourites set customer_id = 'x'",
        "200 of 200 rows fail: p",
    ),
    ("tickets", "tickets are closed after they are opened"): (
        "update contract.tickets set closed_at = timestamp '2024-01-01'",
        "50 of 50 rows fail: t",
    ),
    ("order_lines", "some line is worth more than zero"): (
        "update contract.order_lines set gross_amount = null, unit_price = 0, discount_amount = 0",
        "lines: 1,000",
    ),
    ("order_lines", "discounts are not larger than what they are taken off"): (
        "update contract.order_lines set discount_amount = 51 where order_line_id like '%1'",
        "100 of 1,000 rows fail",
    ),
    ("order_lines", "discounts are given as positive amounts"): (
        "update contract.order_lines set discount_amount = -5",
        "1,000 of 1,000 rows fail",
    ),
    ("order_lines", "at least half of the lines are merchandise"): (
        "update contract.order_lines set is_merchandise = false",
        "1,000 of 1,000 rows fail",
    ),
    ("order_lines", "at least half of the lines name a known product"): (
        "update contract.products set product_id = 'sku-' || product_id where product_id <> 'p0'",
        "of 1,000 rows fail",
    ),
    ("refunds", "a shop has refunded no more than it sold"): (
        "update contract.refunds set amount = 1000.01",
        "system: shop, refunded: 50,000.50, sold: 50,000.00",
    ),
    ("products", "products that name a category name a known one"): (
        "update contract.products set category_id = 'x' where product_id like '%1%'",
        "119 of 200 rows fail",
    ),
    ("categories", "no category lies below itself, or more than 20 levels deep"): (
        "update contract.categories set parent_category_id = 'k13' where category_id = 'k1'",
        "rows fail: ",
    ),
    ("categories", "categories that name a parent name a known one"): (
        "update contract.categories set parent_category_id = 'x' where category_id > 'k2'",
        "of 40 rows fail",
    ),
    ("customers", "e-mail addresses look like e-mail addresses"): (
        "update contract.customers set email = replace(email, '@', ' at ')",
        "200 of 200 rows fail: c0",
    ),
    ("customers", "no single e-mail address, such as a placeholder, stands on a tenth of the records"): (
        "update contract.customers set email = 'none@example.org' where customer_id like '%1%'",
        "records: 119",
    ),
    ("customers", "no single date of birth, such as a default, stands on a tenth of the records"): (
        "update contract.customers set birth_date = date '1970-01-01' where customer_id like '%1%'",
        "records: 119",
    ),
    ("contacts", "e-mail addresses look like e-mail addresses"): (
        "update contract.contacts set email = replace(email, '@', ' at ')",
        "200 of 200 rows fail: h0",
    ),
    ("contacts", "no single e-mail address, such as a placeholder, stands on a tenth of the contacts"): (
        "update contract.contacts set email = 'none@example.org' where contact_id like '%1%'",
        "contacts: 119",
    ),
    ("contacts", "no single date of birth, such as a default, stands on a tenth of the contacts"): (
        "update contract.contacts set birth_date = date '1970-01-01' where contact_id like '%1%'",
        "contacts: 119",
    ),
    ("contacts", "at least half of the contacts that name a shop's customer name a known one"): (
        "update contract.contacts set shop_customer_id = 'x'",
        "200 of 200 rows fail: h0",
    ),
    ("messages", "at least half of the events that name a contact name a known one"): (
        "update contract.messages set contact_id = 'x'",
        "500 of 500 rows fail: m0",
    ),
    ("consents", "at least half of the consents that name a contact name a known one"): (
        "update contract.consents set contact_id = 'x' || contact_id",
        "200 of 200 rows fail: xh",
    ),
    ("campaigns", "campaigns end after they start"): (
        "update contract.campaigns set ended_at = timestamp '2023-01-01'",
        "rows fail: a0, a1",
    ),
    ("checkouts", "at least half of the checkouts that became an order name a known one"): (
        "update contract.checkouts set completed_order_id = 'x'",
        "200 of 200 rows fail: b0",
    ),
    ("reviews", "at least half of the reviews that name an order name a known one"): (
        "update contract.reviews set order_id = 'x'",
        "200 of 200 rows fail: v0",
    ),
    ("exchange_rates", "no rate doubles or halves within a week"): (
        "update contract.exchange_rates set rate = 100 * rate where rate_date >= date '2024-01-20'",
        "EUR/USD on 2024-01-20",
    ),
    ("exchange_rates", "a rate and its inverse agree"): (
        "update contract.exchange_rates set rate = 0.9 where from_currency = 'EUR'",
        "EUR/USD on 2024-01-01",
    ),
}


@pytest.fixture(scope="module")
def good(tmp_path_factory) -> Path:
    return database(tmp_path_factory.mktemp("contract") / "warehouse.duckdb", GOOD)


def test_every_expectation_has_its_fault():
    assert sentences(SUITES) == set(FAULTS)


@pytest.mark.parametrize("table", SUITES)
def test_a_good_contract_passes(good, table):
    assert not failures(good, SUITES[table], "contract")


@pytest.mark.parametrize("table", SUITES)
def test_an_entity_that_nobody_provides_passes(good, tmp_path, table):
    emptied = "; ".join(f"delete from contract.{name}" for name in SUITES)

    assert not failures(faulty(good, tmp_path, emptied), SUITES[table], "contract")


@pytest.mark.parametrize(("table", "sentence"), FAULTS)
def test_a_fault_fails_its_expectation_and_shows_nobody(good, tmp_path, table, sentence):
    fault, shown = FAULTS[table, sentence]

    found = failures(faulty(good, tmp_path, fault), SUITES[table], "contract")

    assert shown in found[sentence]
    assert "example.org" not in str(found)
