"""Who is one customer: guests, accounts and contacts planted in the simulated shop and CRM, and who they come out as.

Does not belong here: how components are found (tests/unit/test_identity.py).
"""

import shutil
from collections.abc import Callable, Iterable

import pytest
from demo_planting import Item, plant_contact, plant_customer, plant_order

from tests.integration.conftest import Run, shop_database

GUEST_SPELLINGS = ["eleven@example.com", "Eleven@Example.com", "ELEVEN@EXAMPLE.COM", "  eleven@example.com  "]
GUEST_ORDERS = range(910001, 910012)
MOST_RECORDS = 10  # records that one e-mail may join
CROWD = range(920001, 920001 + MOST_RECORDS + 1)
CROWD_GUEST = 920099
HOUSEHOLD = range(930001, 930001 + MOST_RECORDS)
NAMED, NAMED_CONTACT = 940001, 7940001
CHAINED, CHAINED_CONTACT, CHAIN = 950001, 7950001, range(950001, 950004)
MUG = 40


@pytest.fixture(scope="module")
def run(run_source: Callable[..., Run], small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    """One run of the shop with everybody planted."""
    home = tmp_path_factory.mktemp("identity") / "home"
    shutil.copytree(finished_shop.home.demo, home / "demo")
    with shop_database(home) as shop:

        def order(number: int, **buyer: object) -> None:
            day = 1 + number % 20  # no two orders of one person on a day
            plant_order(shop, number, f"2026-03-{day:02} 09:00:00", [Item(10 * number, MUG, 1, 1190, 1900)], **buyer)

        def customer(number: int, email: str) -> None:
            plant_customer(shop, number, email, "2026-02-01 08:00:00")

        for place, number in enumerate(GUEST_ORDERS):
            order(number, email=GUEST_SPELLINGS[place % len(GUEST_SPELLINGS)])
        for number in CROWD:
            customer(number, "crowd@example.com")
            order(number, customer_id=number)
        order(CROWD_GUEST, email="crowd@example.com")
        for number in HOUSEHOLD:
            customer(number, "household@example.com")
            order(number, customer_id=number)
        customer(NAMED, "named@example.com")
        order(NAMED, customer_id=NAMED)
        customer(CHAINED, "second@example.com")
        for number, buyer in zip(
            CHAIN,
            [{"email": "Second@example.com"}, {"customer_id": CHAINED}, {"email": "third@example.com "}],
            strict=True,
        ):
            order(number, **buyer)
    created_at = "2026-02-02T08:00:00.000Z"
    plant_contact(home, NAMED_CONTACT, created_at, email="other@example.com", shop_customer_id=str(NAMED))
    plant_contact(home, CHAINED_CONTACT, created_at, email="third@example.com", shop_customer_id=str(CHAINED))
    return run_source(**small_shop, as_of=finished_shop.as_of, home=home)


def _buyers(run: Run, orders: Iterable[int]) -> list[str]:
    """The customers who placed these orders."""
    numbers = ", ".join(f"'{number}'" for number in orders)
    return run.query(f"select customer_key from fct_order where order_id in ({numbers})")["customer_key"].tolist()


def _orders(run: Run, customer: str) -> int:
    return run.query(f"select orders from fct_customer where customer_key = '{customer}'")["orders"].item()


def _customer(run: Run, record_type: str, record_id: int) -> str:
    """The customer that a record of the shop or the CRM belongs to."""
    found = run.warehouse_query(
        f"select customer_key from core.int_identity where record_type = '{record_type}' and record_id = '{record_id}'"
    )
    return found["customer_key"].item()


def test_a_guest_with_eleven_orders_is_one_customer(run: Run):
    buyers = _buyers(run, GUEST_ORDERS)
    assert len(buyers) == 11
    assert len(set(buyers)) == 1
    assert _orders(run, buyers[0]) == 11


def test_an_email_of_too_many_records_links_nobody(run: Run):
    buyers = [*_buyers(run, CROWD), *_buyers(run, [CROWD_GUEST])]
    assert len(set(buyers)) == len(CROWD) + 1
    assert {_orders(run, buyer) for buyer in buyers} == {1}


def test_an_email_of_as_many_records_as_allowed_links_them(run: Run):
    buyers = set(_buyers(run, HOUSEHOLD))
    assert len(buyers) == 1
    assert _orders(run, buyers.pop()) == MOST_RECORDS


def test_a_contact_that_names_a_customer_record_is_that_customer(run: Run):
    assert _customer(run, "contact", NAMED_CONTACT) == _customer(run, "customer", NAMED)
    assert _buyers(run, [NAMED]) == [_customer(run, "customer", NAMED)]


def test_a_chain_of_links_is_one_customer(run: Run):
    """A guest's e-mail, the account with it, the contact that names the account, a guest with the contact's e-mail."""
    buyers = {*_buyers(run, CHAIN), _customer(run, "contact", CHAINED_CONTACT)}
    assert len(buyers) == 1
    assert _orders(run, buyers.pop()) == len(CHAIN)


def test_nobody_else_changed(run: Run, finished_shop: Run):
    buyers = "select order_id, customer_key from fct_order order by order_id"
    before = finished_shop.query(buyers)
    after = run.query(buyers)
    assert after[after["order_id"].isin(before["order_id"])].reset_index(drop=True).equals(before)
