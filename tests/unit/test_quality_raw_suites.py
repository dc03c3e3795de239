"""The suites of raw tables: good landings pass them, and every expectation fails for its fault.

The fault is planted in the column that the expectation is about; row queries name theirs in FAULTS.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.demo.simulate import simulate
from dagster_project.home import Home
from dagster_project.quality import engine
from dagster_project.quality.engine import Gate, open_gate, parquet_batch
from dagster_project.quality.suites import EXPECTATIONS, ROW_QUERY, Expectation, Suite, load_suite
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.sources.readers import open_system

BUILTIN = {name: load_source(Settings(source=name)) for name in ("demo", "complete_journey", "online_retail", "olist")}
FILES = sorted((EXPECTATIONS / "raw").glob("*/*.yml"))
SUITES = {suite.name: suite for suite in (load_suite(f"raw/{file.parent.name}/{file.stem}") for file in FILES)}

# Rows of the platforms whose data is not in the checkout, and of tables that a small shop leaves empty, as their files
# say them.
ROWS = {
    "raw/complete_journey/transactions": """
        i as household_id, i as basket_id, 1 as product_id, 1 as quantity, 2.5 as sales_value,
        0.0 as retail_disc, 0.0 as coupon_match_disc, timestamp '2017-05-01' as transaction_timestamp""",
    "raw/complete_journey/products": "i as product_id, 'GROCERY' as department, 'National' as brand",
    "raw/complete_journey/demographics": "i as household_id, '65+' as age, 'Married' as marital_status",
    "raw/complete_journey/campaigns": "i as campaign_id, 1 as household_id",
    "raw/complete_journey/campaign_descriptions": """
        i as campaign_id, 'Type A' as campaign_type, timestamp '2017-05-01' as start_date,
        timestamp '2017-06-01' as end_date""",
    "raw/complete_journey/coupons": "i as coupon_upc, 1 as product_id, 1 as campaign_id",
    "raw/complete_journey/coupon_redemptions": """
        i as household_id, i as coupon_upc, 1 as campaign_id, timestamp '2017-05-01' as redemption_date""",
    "raw/online_retail/invoice_lines": """
        'C' || (500000 + i) as InvoiceNo, '85123A' as StockCode, -1 as Quantity, 2.5 as UnitPrice,
        timestamp '2011-01-01' as InvoiceDate, 12345 as CustomerID""",
    "raw/olist/orders": """
        'o' || i as order_id, 'c' || i as customer_id, 'delivered' as order_status,
        timestamp '2018-01-01' as order_purchase_timestamp""",
    "raw/olist/customers": "'c' || i as customer_id, 'p' || i as customer_unique_id",
    "raw/olist/order_items": """
        'o' || i as order_id, 1 as order_item_id, 'p' || i as product_id, 99.9 as price, 8.5 as freight_value""",
    "raw/olist/order_payments": """
        'o' || i as order_id, 1 as payment_sequential, 'voucher' as payment_type, 99.9 as payment_value""",
    "raw/olist/order_reviews": """
        'r' || i as review_id, 'o' || i as order_id, 1 + i % 5 as review_score,
        timestamp '2018-01-01' as review_answer_timestamp""",
    "raw/olist/products": "'p' || i as product_id, 'bebes' as product_category_name",
    "raw/olist/category_translation": """
        'bebes ' || i as product_category_name, 'baby ' || i as product_category_name_english""",
    "raw/olist/sellers": "'s' || i as seller_id",
    "raw/olist/geolocation": "'01001' as geolocation_zip_code_prefix, 'SP' as geolocation_state",
    "raw/demo_crm/erasure_requests": """
        i as id, '{"hs_timestamp": "2026-01-01T00:00:00.000Z"}' as properties""",
    "raw/woocommerce/orders": """
        i as id, 'wc-completed' as status, 'EUR' as currency, 99.9 as total_amount,
        timestamp '2026-01-01' as date_created_gmt""",
    "raw/woocommerce/order_items": "i as order_item_id, i as order_id, 'line_item' as order_item_type",
    "raw/vendure/order": """
        i as id, 'PaymentSettled' as state, 'EUR' as currencyCode, timestamp '2026-01-01' as createdAt""",
    "raw/vendure/order_line": "i as id, i as orderId, 1 as quantity, 1999 as listPrice",
}

# What makes a row fail a row query: suite, sentence -> column and value.
FAULTS = {
    ("raw/demo_shop/currencies", "currencies have codes of three capital letters"): ("code", "'€'"),
    ("raw/demo_shop/exchange_rates", "rates name their day"): ("rate_on", "'someday'"),
    ("raw/demo_shop/customers", "e-mail addresses look like e-mail addresses"): ("email", "'nowhere'"),
    ("raw/demo_shop/customers", "dates of birth are dates"): ("born_on", "'long ago'"),
    ("raw/demo_shop/customers", "times of change are times"): ("updated_at", "'lately'"),
    ("raw/demo_shop/addresses", "countries are codes of two capital letters"): ("country_code", "'Austria'"),
    ("raw/demo_shop/orders", "the time of an order is a time"): ("placed_at", "'lately'"),
    ("raw/demo_shop/orders", "orders name their currency"): ("currency_code", "null"),
    ("raw/demo_shop/refunds", "the time of a refund is a time"): ("refunded_at", "'lately'"),
    ("raw/demo_shop/carts", "the time of a cart is a time"): ("created_at", "'lately'"),
    ("raw/demo_crm/contacts", "contacts can be reached by e-mail or phone"): ("properties", "'{}'"),
    ("raw/demo_crm/contacts", "times of change are times"): ("updatedAt", "'lately'"),
    ("raw/demo_crm/consents", "consents name their contact"): ("properties", "'{}'"),
    ("raw/demo_crm/consents", "consents are given or withdrawn"): ("properties", "'{}'"),
    ("raw/demo_crm/consents", "the time of a consent is a time"): ("properties", "'{}'"),
    ("raw/demo_crm/campaigns", "campaigns have a name"): ("properties", "'{}'"),
    ("raw/demo_crm/messages", "events name their contact"): ("properties", "'{}'"),
    ("raw/demo_crm/messages", "events are of the known kinds"): ("properties", "'{}'"),
    ("raw/demo_crm/messages", "the time of an event is a time"): ("properties", "'{}'"),
    ("raw/demo_crm/feedback_submissions", "feedback names its contact"): ("properties", "'{}'"),
    ("raw/demo_crm/feedback_submissions", "the answer is a whole number"): ("properties", "'{}'"),
    ("raw/demo_crm/declared_traits", "traits name their contact"): ("properties", "'{}'"),
    ("raw/demo_crm/declared_traits", "traits have a name"): ("properties", "'{}'"),
    ("raw/demo_crm/tickets", "tickets name their contact"): ("properties", "'{}'"),
    ("raw/demo_crm/tickets", "the time of opening is a time"): ("properties", "'{}'"),
    ("raw/demo_crm/erasure_requests", "the time of a request is a time"): ("properties", "'{}'"),
    ("raw/demo_shop/page_events", "page events are visits, searches or product pages"): ("kind", "'dance'"),
    ("raw/demo_shop/page_events", "the time of a page event is a time"): ("occurred_at", "'lately'"),
    ("raw/demo_shop/page_events", "product pages name their product"): ("product_id", "null"),
    ("raw/demo_shop/wishlist_items", "wish lists name their customer and product"): ("product_id", "null"),
    ("raw/demo_shop/wishlist_items", "the time of adding is a time"): ("added_at", "'lately'"),
    ("raw/demo_shop/product_reviews", "reviews have one to five stars"): ("stars", "6"),
    ("raw/demo_shop/product_reviews", "the time of a review is a time"): ("created_at", "'lately'"),
    ("raw/demo_shop/referrals", "referrals name who referred"): ("referrer_id", "null"),
    ("raw/demo_shop/referrals", "the time of a referral is a time"): ("created_at", "'lately'"),
    (
        "raw/online_retail/invoice_lines",
        "invoice numbers are six digits, after C for returns or A for adjustments",
    ): ("InvoiceNo", "'536-365'"),
}


def fault(suite: Suite, expectation: Expectation, types: dict[str, str]) -> tuple[str, str]:
    """The column and the value, as SQL, that make every row fail."""
    if expectation.type == ROW_QUERY:
        return FAULTS[suite.name, expectation.sentence]
    column = expectation.columns[0]
    if expectation.type == "expect_column_values_to_not_be_null":
        return column, "null"
    if expectation.type.endswith("_be_unique"):
        return column, f"min({column}) over ()"
    return column, {"VARCHAR": "'x'", "TIMESTAMP": "timestamp '1999-01-01'"}.get(types[column], "-1")


def planted(good: Path, suite: Suite, expectation: Expectation, path: Path) -> Path:
    """A copy of a good landing in which every row fails an expectation."""
    with duckdb.connect() as connection:
        described = connection.execute(f"describe select * from '{good}'").fetchall()
        column, value = fault(suite, expectation, {row[0]: row[1] for row in described})
        connection.execute(f"copy (select * replace ({value} as {column}) from '{good}') to '{path}'")
    return path


@pytest.fixture(scope="module")
def landings(tmp_path_factory) -> dict[str, Path]:
    """A good landing of every raw table that has a suite."""
    folder = tmp_path_factory.mktemp("landings")
    source = BUILTIN["demo"]
    home, until = Home(folder / "home"), date(2024, 12, 31)
    simulation = source.simulation.model_copy(update={"customers": 120, "end": until})
    simulate(home.demo, simulation, until, source.time_zone)
    files = {name: folder / f"{name.replace('/', '_')}.parquet" for name in SUITES}
    for name, path in files.items():
        platform, table = name.split("/")[1:]
        if name in ROWS:
            duckdb.sql(f"select {ROWS[name]} from range(50) t(i)").write_parquet(str(path))
        else:
            with open_system(source.system(platform), home) as reader:
                reader.connection.execute(f"copy (select * from {reader.rows(table)}) to '{path}'")
    return files


@pytest.fixture(scope="module")
def gate() -> Iterator[Gate]:
    with open_gate() as opened:
        yield opened


def failed(gate: Gate, name: str, file: Path) -> set[str]:
    results = gate.validate(parquet_batch(name, [file]), SUITES[name]).results
    return {result.sentence for result in results if not result.success}


@pytest.mark.parametrize("source", BUILTIN)
def test_every_table_of_a_built_in_source_has_a_suite_and_every_suite_a_table(source):
    for system in BUILTIN[source].systems:
        folder = f"raw/{system.platform}/"
        assert {name for name in SUITES if name.startswith(folder)} == {folder + table for table in system.tables}


@pytest.mark.parametrize("name", SUITES)
def test_a_good_landing_passes(gate, landings, name):
    assert not failed(gate, name, landings[name])


@pytest.mark.parametrize("name", SUITES)
def test_what_is_said_of_values_allows_for_bad_rows(name):
    """A bad row is set aside by the contract; it is no reason to stop the run."""
    assert all(expectation.kwargs["mostly"] <= 0.99 for expectation in SUITES[name].expectations)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [(name, expectation.sentence) for name, suite in SUITES.items() for expectation in suite.expectations],
)
def test_a_fault_of_all_rows_fails_its_expectation(gate, landings, tmp_path, monkeypatch, name, sentence):
    monkeypatch.setattr(engine, "FEW", 0)  # some of these tables are small
    expectation = next(each for each in SUITES[name].expectations if each.sentence == sentence)

    assert sentence in failed(gate, name, planted(landings[name], SUITES[name], expectation, tmp_path / "bad.parquet"))
