"""An erasure request removes a person from everything under the home, for good, and leaves the shop's totals.

The person is planted in the small shop's own files, with ids and names that nothing else holds by chance. The commands
are those of `make run`, so that the logs of all tools are searched too. Single rules of it are tested in
tests/unit/test_erasure_*.py.
"""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance

from dagster_project.automation import DAILY_REFRESH
from dagster_project.definitions import build_definitions
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER, Settings
from tests.demo_planting import (
    Item,
    insert,
    plant_cart,
    plant_contact,
    plant_customer,
    plant_object,
    plant_order,
    plant_refund,
)
from tests.integration.conftest import SMALL_SHOP, shop_database
from tests.personal_traces import traces

CUSTOMER, CONTACT, CRM = 904_317_562, 781_256_043, 612_904_370
EMAIL, PHONE, E164 = "quirina.vanishberg@example.org", "+49 30 90 18 27 36", "+493090182736"
FIRST_NAME, LAST_NAME, STREET = "Quirinaxa", "Vanishberg", "Wegfallhausen"
PERSON = [str(CUSTOMER), str(CONTACT), EMAIL, PHONE, E164, FIRST_NAME, LAST_NAME, STREET]
NOW, HUBSPOT_NOW = "2026-03-31 21:59:58", "2026-03-31T21:59:58.000Z"
LATER, HUBSPOT_LATER = "2026-03-31 21:59:59", "2026-03-31T21:59:59.000Z"
ORDERS = [904_000_001, 904_000_002, 904_000_003, 904_000_004]
TOTALS = """
    select
        count(*) as orders,
        count(*) filter (where is_valid) as valid_orders,
        sum(net_amount) as net,
        sum(refund_amount) as refunded,
        sum(total_amount) as total
    from fct_order
"""


def _plant(home: Path) -> None:
    """An account with two orders and a refund, two orders as a guest, and everything else that the shop and the CRM
    know of somebody."""
    with shop_database(home) as shop:
        names = {"first_name": FIRST_NAME, "last_name": LAST_NAME}
        plant_customer(shop, CUSTOMER, EMAIL.title(), NOW, phone=PHONE, default_address_id=904_000_009, **names)
        stamps = {"created_at": NOW, "updated_at": NOW}
        insert(shop, "addresses", id=904_000_009, customer_id=CUSTOMER, country_code="DE", city=STREET, **stamps)
        account = {"customer_id": CUSTOMER, "email": EMAIL, "phone": PHONE, "shipping_address_id": 904_000_009}
        buyers = [account, account, {"email": f" {EMAIL.upper()} "}, {"phone": E164}]
        for number, (order, buyer) in enumerate(zip(ORDERS, buyers, strict=True)):
            plant_order(shop, order, NOW, [Item(905_000_000 + number, 1, 2, 1_000 + number, 1_900)], **buyer)
        part = {"kind": "product", "order_item_id": 905_000_000, "quantity": 1, "amount_cents": 1_000, "tax_cents": 160}
        plant_refund(shop, 904_000_010, ORDERS[0], NOW, [part])
        plant_cart(shop, 904_000_011, NOW, customer_id=CUSTOMER, email=EMAIL, phone=PHONE)
        plant_cart(shop, 904_000_012, NOW, email=EMAIL)
        for number, known in enumerate([{"customer_id": CUSTOMER}, {"email": EMAIL}]):
            visit = {"visitor_token": "elsewhere", "kind": "visit", "occurred_at": NOW}
            insert(shop, "page_events", id=906_000_000 + number, **visit, **known)
        insert(shop, "wishlist_items", id=904_000_013, customer_id=CUSTOMER, product_id=1, added_at=NOW, updated_at=NOW)
        for number, order in enumerate(ORDERS[1:3]):
            review = {"product_id": 1, "stars": 5, "body": f"Says {LAST_NAME}", **stamps}
            insert(shop, "product_reviews", id=904_000_014 + number, order_id=order, **review)
        insert(shop, "referrals", id=904_000_016, referrer_id=1, invitee_id=CUSTOMER, **stamps)
    plant_contact(
        home,
        CONTACT,
        HUBSPOT_NOW,
        email=EMAIL,
        phone=PHONE,
        firstname=FIRST_NAME,
        lastname=LAST_NAME,
        shop_customer_id=str(CUSTOMER),
    )
    contact = {"contact_id": str(CONTACT)}
    consent = {"channel": "EMAIL", "subscription_status": "SUBSCRIBED", "hs_timestamp": HUBSPOT_NOW}
    plant_object(home, "consents", CRM, HUBSPOT_NOW, **contact, **consent)
    plant_object(
        home, "messages", CRM, HUBSPOT_NOW, **contact, campaign_id="500001", type="OPEN", hs_timestamp=HUBSPOT_NOW
    )
    answer = {"hs_survey_type": "NPS", "hs_value": "9", "hs_submission_timestamp": HUBSPOT_NOW}
    plant_object(home, "feedback_submissions", CRM, HUBSPOT_NOW, **contact, **answer)
    trait = {"trait": "interest", "value": LAST_NAME, "hs_timestamp": HUBSPOT_NOW}
    plant_object(home, "declared_traits", CRM, HUBSPOT_NOW, **contact, **trait)
    ticket = {"createdate": HUBSPOT_NOW, "hs_pipeline_stage": "OPEN", "content": f"{FIRST_NAME} asks"}
    plant_object(home, "tickets", CRM, HUBSPOT_NOW, **contact, **ticket)


def _add_history(home: Home) -> None:
    """An earlier snapshot and an experiment, as earlier days would have written them."""
    day = home.snapshot(SMALL_SHOP["end"])
    home.experiments.mkdir(exist_ok=True)
    duckdb.execute(f"""
        copy (select * replace (date '2026-03-30' as as_of_date) from '{day}')
        to '{day.with_name("as_of_date=2026-03-30.parquet")}' (format parquet);
        copy (select customer_key, 'control' as arm from '{day}')
        to '{home.experiments / "spring.parquet"}' (format parquet);
    """)


def _rows(database: Path, query: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def _customers(home: Home) -> set[str]:
    return {key for (key,) in _rows(home.published / "marts.duckdb", "select customer_key from fct_customer")}


@pytest.fixture(scope="module")
def command(small_shop: dict[str, object]) -> Callable[[Path], None]:
    """Runs `make run`'s command on a home, with its output in the home, where it is searched like all else."""

    def run(home: Path) -> None:
        environment = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "PYTHONPATH")}
        given = {"SOURCE": "small_shop", "SOURCES_FILE": small_shop["sources_file"], "WAREHOUSE_HOME": home}
        finished = subprocess.run(
            [sys.executable, "-m", "dagster_project", "run"],
            cwd=PROJECT_FOLDER,
            env={**environment, **{name: str(value) for name, value in given.items()}, "AS_OF": str(SMALL_SHOP["end"])},
            capture_output=True,
            text=True,
        )
        (home / "output.log").write_text(finished.stdout + finished.stderr)
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]

    return run


@pytest.fixture(scope="module")
def landed_again(small_shop: dict[str, object]) -> Callable[[Path], dict[str, int]]:
    """Extracts once more; returns how many rows of each table landed."""

    def run(home: Path) -> dict[str, int]:
        job = build_definitions(Settings(**small_shop, warehouse_home=home)).resolve_job_def(DAILY_REFRESH)
        raw = [key for key in job.asset_layer.executable_asset_keys if key.path[0] == "raw"]
        with DagsterInstance.ephemeral() as instance:
            day = str(SMALL_SHOP["end"])
            result = job.execute_in_process(instance=instance, partition_key=day, asset_selection=raw)
        events = result.get_asset_materialization_events()
        return {event.asset_key.path[-1]: event.materialization.metadata["rows"].value for event in events}

    return run


def test_a_person_is_erased_everywhere_and_for_good(simulated_home: Path, command, landed_again):
    home = Home(simulated_home)
    marts, orders = home.published / "marts.duckdb", [str(order) for order in ORDERS]
    of_theirs = f"select distinct customer_key from fct_order where order_id in {tuple(orders)}"
    _plant(home.folder)
    command(home.folder)
    ((key,),) = _rows(marts, of_theirs)
    person = [*PERSON, key]
    _add_history(home)
    found = traces(home.folder, person)
    assert {text for text, _ in found} == {*person}, "the search sees each of them"
    places = {name.split("/")[0] for _, name in found}
    assert {"raw", "warehouse.duckdb", "exchange", "publications", "snapshots", "state"} <= places
    totals, customers = _rows(marts, TOTALS), _customers(home)
    publications = {path.name for path in home.publications.iterdir()}

    plant_object(home.folder, "erasure_requests", CRM, HUBSPOT_NOW, email=EMAIL.title(), hs_timestamp=HUBSPOT_NOW)
    command(home.folder)
    assert traces(home.folder, person) == set()
    assert not publications & {path.name for path in home.publications.iterdir()}
    assert _rows(marts, TOTALS) == totals
    assert _customers(home) == customers - {key}
    assert _rows(marts, of_theirs) == [(None,)]
    unbalanced = """
        select * from contract.raw_reconciliation
        where raw_rows <> contract_rows + quarantined_rows + superseded_rows
    """
    assert _rows(home.warehouse, unbalanced) == []

    # The source serves the same, and changes of it.
    with shop_database(home.folder) as shop:
        shop.execute(f"update orders set status = 'shipped', updated_at = '{LATER}' where id = {ORDERS[0]}")
        shop.execute(f"update orders set email = 'gone@example.com', updated_at = '{LATER}' where id = {ORDERS[2]}")
        shop.execute(f"update customers set last_name = 'Other', updated_at = '{LATER}' where id = {CUSTOMER}")
        plant_order(shop, 904_000_005, LATER, [], customer_id=CUSTOMER, email=EMAIL)
        review = {"product_id": 1, "stars": 1, "body": f"Says {LAST_NAME}", "created_at": LATER, "updated_at": LATER}
        insert(shop, "product_reviews", id=904_000_017, order_id=904_000_005, **review)
    asked = {"contact_id": str(CONTACT), "content": f"{FIRST_NAME} asks again"}
    plant_object(home.folder, "tickets", CRM + 1, HUBSPOT_LATER, **asked)
    again = landed_again(home.folder)
    # Three orders have a new time of change, or are new: they land as nobody's.
    assert {table: rows for table, rows in again.items() if rows} == {"orders": 3}
    assert traces(home.folder, [*person, "gone@example.com"]) == set()
