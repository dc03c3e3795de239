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
from dagster_project.sources.readers import relation

BUILTIN = {name: load_source(Settings(source=name)) for name in ("demo", "complete_journey", "online_retail")}
FILES = sorted((EXPECTATIONS / "raw").glob("*/*.yml"))
SUITES = {suite.name: suite for suite in (load_suite(f"raw/{file.parent.name}/{file.stem}") for file in FILES)}

# Rows of the platforms whose data is not in the checkout, as their files say them.
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
    with duckdb.connect() as connection:
        for name, path in files.items():
            platform, table = name.split("/")[1:]
            rows = f"select {ROWS[name]} from range(50) t(i)" if name in ROWS else None
            if rows is None:
                rows = f"select * from {relation(connection, source.system(platform), table, home)}"
            connection.execute(f"copy ({rows}) to '{path}'")
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
