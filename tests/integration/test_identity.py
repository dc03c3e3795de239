"""Who is one customer: guests, accounts and contacts planted in the simulated shop and CRM, and who they come out as.

Does not belong here: how components are found (tests/unit/test_identity.py), every way in which keys change from day
to day (tests/unit/test_identity_over_days.py).
"""

import shutil
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pandas
import pytest
from demo_planting import Item, plant_cart, plant_contact, plant_customer, plant_order

from dagster_project.automation import RECOMPUTE
from tests.integration.conftest import Run, shop_database

GUEST_SPELLINGS = ["eleven@example.com", "Eleven@Example.com", "ELEVEN@EXAMPLE.COM", "  eleven@example.com  "]
GUEST_ORDERS = range(910001, 910012)
MOST_RECORDS = 10  # records that one e-mail may join
CROWD = range(920001, 920001 + MOST_RECORDS + 1)
CROWD_GUEST = 920099
HOUSEHOLD = range(930001, 930001 + MOST_RECORDS)
NAMED, NAMED_CONTACT = 940001, 7940001
CHAINED, CHAINED_CONTACT, CHAIN = 950001, 7950001, range(950001, 950004)
PHONED, PHONED_CONTACT, PHONED_GUEST, PHONED_CART = 960001, 7960001, 960002, 960003
SWITCHBOARD = range(970001, 970001 + MOST_RECORDS + 1)
SHARED_PHONE, SHARED_PHONE_CONTACT = "089 1234567", 7970001
NO_NUMBER = range(980001, 980003)
PLUS, PLUSES = 990001, {990002: "plus+shop@example.com", 990003: "plus+news@example.com"}
MERGING, LEAVING, LEAVING_GUEST = (1000001, 1000002), 1000003, 1000013
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
        plant_customer(shop, PHONED, None, "2026-02-01 08:00:00", phone="+49 30 901820")
        order(PHONED_GUEST, phone="030/901820")
        plant_cart(shop, PHONED_CART, "2026-03-02 10:00:00", email="cart@example.com", phone="0049 30 901820 ")
        for number in SWITCHBOARD:
            order(number, email=f"switchboard{number}@example.com", phone=SHARED_PHONE)
        for number in NO_NUMBER:
            plant_customer(shop, number, None, "2026-02-01 08:00:00", phone="030")
        customer(PLUS, "plus@example.com")
        for number, email in PLUSES.items():
            order(number, email=email)
        for number in (*MERGING, LEAVING):
            plant_customer(shop, number, f"{number}@example.com", f"2026-02-0{number % 10} 08:00:00")
            order(number, customer_id=number)
        order(LEAVING_GUEST, email=f"{LEAVING}@example.com")
    created_at = "2026-02-02T08:00:00.000Z"
    plant_contact(home, NAMED_CONTACT, created_at, email="other@example.com", shop_customer_id=str(NAMED))
    plant_contact(home, CHAINED_CONTACT, created_at, email="third@example.com", shop_customer_id=str(CHAINED))
    plant_contact(home, PHONED_CONTACT, created_at, phone="(0) 30-901820", hs_country_region_code="DE")
    plant_contact(home, SHARED_PHONE_CONTACT, created_at, phone="+49 89 1234567")
    return run_source(**small_shop, as_of=finished_shop.as_of, home=home)


@pytest.fixture(scope="module")
def later_run(run_source: Callable[..., Run], small_shop, run: Run, tmp_path_factory) -> Run:
    """A run after the second of two people took the e-mail of the first, and somebody an e-mail of their own; the day
    before has a snapshot of the two."""
    home = shutil.copytree(run.home.folder, tmp_path_factory.mktemp("later") / "home", symlinks=True)
    run_source(**small_shop, as_of=run.as_of - timedelta(days=1), home=Path(home), job=RECOMPUTE)
    with shop_database(home) as shop:
        change = "update customers set email = ?, updated_at = '2026-03-31 21:59:59' where id = ?"
        shop.execute(change, (f"{MERGING[0]}@example.com", MERGING[1]))
        shop.execute(change, ("new@example.com", LEAVING))
    return run_source(**small_shop, as_of=run.as_of, home=Path(home))


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


def test_a_phone_links_accounts_contacts_guests_and_carts_however_it_is_written(run: Run):
    cart = run.warehouse_query(f"select customer_key from core.fct_checkout where checkout_id = '{PHONED_CART}'")
    people = {
        _customer(run, "customer", PHONED),
        _customer(run, "contact", PHONED_CONTACT),
        *_buyers(run, [PHONED_GUEST]),
        *cart["customer_key"],
    }
    assert len(people) == 1
    assert _orders(run, people.pop()) == 1


def test_a_phone_of_too_many_links_nobody_and_is_reported(run: Run):
    people = [*_buyers(run, SWITCHBOARD), _customer(run, "contact", SHARED_PHONE_CONTACT)]
    assert len(set(people)) == len(SWITCHBOARD) + 1
    blocked = run.warehouse_query(
        "select key_type, identity_count from core.int_identity_blocked_key order by key_type, identity_count"
    )
    assert blocked["key_type"].tolist() == ["email", "email", "phone"]  # the crowd's, the till's, the switchboard's
    assert blocked["identity_count"].tolist()[2] == len(SWITCHBOARD) + 1
    [counts] = [
        event.materialization.metadata
        for event in run.result.get_asset_materialization_events()
        if event.asset_key.path == ["exchange", "identity_component"]
    ]
    assert (counts["blocked_email_keys"].value, counts["blocked_phone_keys"].value) == (2, 1)


def test_what_is_no_phone_number_links_nobody(run: Run):
    assert len({_customer(run, "customer", number) for number in NO_NUMBER}) == len(NO_NUMBER)


def test_an_address_with_a_plus_is_another_address(run: Run):
    assert len({_customer(run, "customer", PLUS), *_buyers(run, PLUSES)}) == 3


def test_a_merge_keeps_the_older_key_and_redirects_the_other(run: Run, later_run: Run):
    older, younger = (_customer(run, "customer", number) for number in MERGING)
    assert {_customer(later_run, "customer", number) for number in MERGING} == {older}
    redirects = later_run.warehouse_query(
        f"select customer_key from core.int_customer_redirect where former_key = '{younger}'"
    )
    assert redirects["customer_key"].tolist() == [older]
    assert _orders(later_run, older) == 2


def test_history_of_two_who_became_one_is_that_of_the_older(run: Run, later_run: Run):
    older, younger = (_customer(run, "customer", number) for number in MERGING)
    day_before, day = later_run.as_of - timedelta(days=1), later_run.as_of
    labels = later_run.query("select distinct segment from segment_history where value is null or value <> 'in'")
    snapshots = [
        pandas.read_parquet(later_run.home.snapshot(date)).set_index("customer_key") for date in (day_before, day)
    ]
    assert younger in snapshots[0].index and younger not in snapshots[1].index
    history = later_run.query(f"select * from segment_history where customer_key in ('{older}', '{younger}')")
    assert set(history["customer_key"]) == {older}
    for label in labels["segment"]:
        spans = history[history["segment"] == label].sort_values("valid_from")
        was, now = (None if pandas.isna(value) else value for value in (frame.at[older, label] for frame in snapshots))
        expected = [(was, day_before)] if was == now else [(was, day_before), (now, day)]
        values = spans["value"].astype(object).where(spans["value"].notna(), None)
        assert [*zip(values, spans["valid_from"].dt.date, strict=True)] == expected
        assert spans["valid_to"].iloc[:-1].tolist() == spans["valid_from"].iloc[1:].tolist()
        assert spans["valid_to"].isna().iloc[-1]
    assert later_run.failed_checks() == []


def test_a_split_gives_the_part_without_the_first_record_a_new_key(run: Run, later_run: Run):
    before, guest_before = _customer(run, "customer", LEAVING), _buyers(run, [LEAVING_GUEST])
    assert guest_before == [before]
    assert _customer(later_run, "customer", LEAVING) == before
    [guest_after] = _buyers(later_run, [LEAVING_GUEST])
    assert guest_after not in set(run.query("select customer_key from dim_customer")["customer_key"])


def test_only_new_phones_are_parsed(run: Run, later_run: Run):
    first, later = (
        [
            event.materialization.metadata
            for event in finished.result.get_asset_materialization_events()
            if event.asset_key.path == ["exchange", "phone"]
        ]
        for finished in (run, later_run)
    )
    assert first[0]["parsed_now"].value > first[0]["valid"].value > 100
    assert later[0]["parsed_now"].value == 0


def test_nobody_else_changed(run: Run, finished_shop: Run):
    buyers = "select order_id, customer_key from fct_order order by order_id"
    before = finished_shop.query(buyers)
    after = run.query(buyers)
    assert after[after["order_id"].isin(before["order_id"])].reset_index(drop=True).equals(before)
