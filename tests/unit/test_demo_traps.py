"""The traps of a real shop that the demo plants: each occurs, and none breaks a reference or loses a cent."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import pytest
from demo_files import ZONE, local_dates, properties, read_crm, read_shop

from dagster_project.demo import population
from dagster_project.demo import simulate as demo
from dagster_project.demo.accounts import store
from dagster_project.demo.assortment import Assortment
from dagster_project.demo.clock import Clock
from dagster_project.demo.counter import walk_ins
from dagster_project.demo.money import excluding_tax, spread

SIMULATION = demo.Simulation(seed=20240701, customers=300, start=date(2024, 7, 1), end=date(2026, 6, 30))


@pytest.fixture(scope="module")
def at_end(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo.simulate(folder, SIMULATION, SIMULATION.end, ZONE)
    return folder


@pytest.fixture(scope="module")
def shop(at_end) -> dict[str, pd.DataFrame]:
    return read_shop(at_end)


@pytest.fixture(scope="module")
def crm(at_end) -> dict[str, list[dict]]:
    return read_crm(at_end)


@pytest.fixture(scope="module")
def truth(at_end) -> pd.DataFrame:
    return pd.read_parquet(at_end / "truth.parquet")


def test_every_order_is_seen_on_its_own_business_day_or_uploaded_later(shop):
    orders = shop["orders"]
    delay = pd.to_datetime(orders["created_at"]) - pd.to_datetime(orders["placed_at"])
    is_till = orders["channel"] == "pos"
    assert (delay[~is_till] == timedelta()).all()
    late = delay[is_till] > timedelta(hours=23)
    assert 0.2 < late.mean() < 0.8
    assert delay.max() <= timedelta(days=3)
    # Orders between local midnight and UTC midnight: their two calendar days differ.
    assert (local_dates(orders["placed_at"]) != pd.to_datetime(orders["placed_at"]).dt.date).any()


def test_guests_order_under_spellings_of_the_address_of_a_later_account(shop):
    orders, customers = shop["orders"], shop["customers"]
    guests = orders[orders["customer_id"].isna() & orders["email"].str.contains("@", na=False)]
    assert (guests["email"] != guests["email"].str.strip()).any()
    assert (guests["email"] != guests["email"].str.lower()).any()
    normalised = guests.assign(email=guests["email"].str.strip().str.lower())
    accounts = customers.assign(email=customers["email"].str.strip().str.lower())
    registered = normalised.merge(accounts, on="email", suffixes=("", "_account"))
    assert (registered["placed_at"] < registered["created_at_account"]).any()


def test_orders_end_in_every_way(shop):
    orders = shop["orders"]
    cancelled = orders[orders["status"] == "cancelled"]
    assert cancelled["cancelled_at"].notna().any()
    assert cancelled["cancelled_at"].isna().any()
    assert {"new", "paid", "shipped", "delivered", "payment_failed", "returned", "partly_returned"} <= set(
        orders["status"]
    )
    assert orders["is_test"].sum() > 0
    assert orders["deleted_at"].notna().any()
    assert orders["email"].isin(["", "null", "n/a"]).any()
    assert (orders["discount_cents"] == orders["items_cents"]).any()


def test_orders_change_long_after_they_were_placed(shop):
    orders = shop["orders"]
    age = pd.to_datetime(orders["updated_at"]) - pd.to_datetime(orders["created_at"])
    assert (age > timedelta(days=20)).any()
    assert (age == timedelta()).any()


def test_refunds_name_a_line_or_none_or_shipping(shop):
    parts = shop["refund_items"]
    assert set(parts["kind"]) == {"item", "goodwill", "shipping"}
    assert parts.loc[parts["kind"] == "item", "order_item_id"].notna().all()
    assert parts.loc[parts["kind"] != "item", "order_item_id"].isna().all()
    pieces = parts.merge(shop["order_items"], left_on="order_item_id", right_on="id", suffixes=("", "_item"))
    assert (pieces["quantity"] < pieces["quantity_item"]).any()
    assert (pieces["quantity"] == pieces["quantity_item"]).any()


def test_no_order_is_refunded_more_than_was_paid(shop):
    refunds = shop["refund_items"].merge(shop["refunds"], left_on="refund_id", right_on="id", suffixes=("", "_refund"))
    refunded = refunds.groupby("order_id")["amount_cents"].sum()
    paid = shop["orders"].set_index("id")["total_cents"]
    assert (refunded <= paid.loc[refunded.index]).all()


def test_rates_are_missing_on_some_days_but_never_for_long(shop):
    rates = shop["exchange_rates"]
    assert set(rates["currency_code"]) == {"CHF", "GBP", "USD"}
    days = pd.to_datetime(rates.loc[rates["currency_code"] == "CHF", "rate_on"])
    gaps = days.diff().dropna().dt.days
    assert gaps.max() > 2
    assert gaps.max() <= 5
    assert days.min().date() < SIMULATION.start
    assert rates["rate_to_main"].between(0.5, 2).all()


def test_money_is_exact_to_the_cent(shop):
    items = shop["order_items"].assign(gross=lambda rows: rows["quantity"] * rows["unit_price_cents"])
    adjustments = shop["order_adjustments"]
    assert set(adjustments["kind"]) == {"sale", "coupon"}
    assert (adjustments["order_item_id"].isna() == (adjustments["kind"] == "coupon")).all()
    orders = shop["orders"].set_index("id")
    gross = items.groupby("order_id")["gross"].sum()
    discount = adjustments.groupby("order_id")["amount_cents"].sum().reindex(orders.index, fill_value=0)
    assert (orders["items_cents"] == gross).all()
    assert (orders["discount_cents"] == discount).all()
    assert (orders["total_cents"] == gross - discount + orders["shipping_cents"]).all()
    paid = shop["payments"].groupby("order_id")["amount_cents"].sum()
    assert (paid == orders.loc[paid.index, "total_cents"]).all()
    assert (orders["currency_code"] != "EUR").any()


def test_tax_by_hand():
    # 19.99 with 19 % tax is 16.798... without; the last line of any value takes what remains.
    assert excluding_tax(1999, 1900) == 1680
    assert spread(1000, [3000, 2000, 0]) == [600, 400, 0]
    assert spread(100, [333, 333, 333]) == [33, 33, 34]


def test_lines_that_are_no_merchandise(shop):
    kinds = shop["product_variants"].merge(
        shop["products"], left_on="product_id", right_on="id", suffixes=("", "_product")
    )
    lines = shop["order_items"].merge(kinds, left_on="variant_id", right_on="id", suffixes=("", "_variant"))
    assert {"goods", "gift_wrap", "sample"} == set(lines["kind"])
    assert (lines.loc[lines["kind"] == "sample", "unit_price_cents"] == 0).all()


def test_carts_are_abandoned_or_become_orders(shop):
    carts = shop["carts"]
    assert 0.1 < (carts["status"] == "open").mean() < 0.6
    assert (carts["order_id"].notna() == (carts["status"] == "converted")).all()
    assert carts.loc[carts["customer_id"].isna(), "email"].isna().any()
    assert shop["cart_items"]["deleted_at"].notna().any()
    assert (
        not shop["cart_items"]
        .merge(shop["product_variants"], left_on="variant_id", right_on="id")[["cart_id", "product_id"]]
        .duplicated()
        .any()
    )


def test_people_are_recorded_twice(shop, crm, truth):
    customers = shop["customers"].set_index("id")
    contacts = properties(crm["contacts"])
    for habit in ("same_email_twice", "linked_by_contact"):
        pairs = truth[(truth["habit"] == habit) & (truth["customer_ids"].str.len() == 2)]
        assert len(pairs) > 0, habit
        for first, second in pairs["customer_ids"]:
            emails = customers.loc[[first, second], "email"]
            assert emails.nunique() == 2
            assert (emails.str.lower().nunique() == 1) == (habit == "same_email_twice")
    linked = truth[(truth["habit"] == "linked_by_contact") & (truth["customer_ids"].str.len() == 2)].iloc[0]
    contact = contacts[contacts["id"].isin([str(number) for number in linked["contact_ids"]])].iloc[0]
    assert contact["email"].strip().lower() == customers.loc[linked["customer_ids"][0], "email"].lower()
    assert contact["shop_customer_id"] == str(linked["customer_ids"][1])
    assert (truth.loc[truth["habit"] == "two_contacts", "contact_ids"].str.len() == 2).any()
    # Accounts that the till opened under its own address: too many for it to say who somebody is.
    assert (customers["email"] == population.TILL_EMAIL).sum() > 10


def test_a_guest_with_many_orders_has_one_address(shop, truth):
    orders = shop["orders"].set_index("id")
    guests = truth[truth["habit"] == "guest"]
    busiest = guests.loc[guests["purchases"].idxmax()]
    emails = orders.loc[list(busiest["order_ids"]), "email"]
    assert busiest["purchases"] >= 11
    assert orders.loc[list(busiest["order_ids"]), "customer_id"].isna().all()
    assert emails.nunique() > 1
    assert emails.str.strip().str.lower().nunique() == 1


def test_messages_and_consents(crm):
    messages, consents = properties(crm["messages"]), properties(crm["consents"])
    assert {"SENT", "DELIVERED", "OPEN", "CLICK", "BOUNCE", "STATUSCHANGE"} <= set(messages["type"])
    opens = messages[messages["type"] == "OPEN"]
    assert set(opens["is_machine"]) == {"true", "false"}
    assert (messages.loc[messages["type"] != "OPEN", "is_machine"] == "false").all()
    assert {"SUBSCRIBED", "UNSUBSCRIBED"} == set(consents["subscription_status"])
    assert {"EMAIL", "SMS", "ADS", "POST", "PUSH"} == set(consents["channel"])
    contacts = properties(crm["contacts"])
    assert contacts["archived"].any()
    assert "lead" in set(contacts["lifecyclestage"])

    # Nothing is sent after a withdrawal, and only after a consent.
    by_email = consents[consents["channel"] == "EMAIL"]
    granted = by_email[by_email["subscription_status"] == "SUBSCRIBED"].set_index("contact_id")["hs_timestamp"]
    withdrawn = by_email[by_email["subscription_status"] == "UNSUBSCRIBED"].groupby("contact_id")["hs_timestamp"].min()
    sent = messages[messages["type"] == "SENT"].set_index("contact_id")["hs_timestamp"]
    assert (sent > granted.loc[sent.index]).all()
    assert (sent < withdrawn.reindex(sent.index).fillna("9")).all()


def test_faults_that_the_contract_sets_aside_are_few(crm):
    events = properties(crm["messages"])["type"]
    assert 0 < (events == "DEFERRED").mean() < 0.005
    many = SIMULATION.model_copy(update={"customers": 50_000})
    clock = Clock(many.start, many.start + timedelta(days=90), ZONE)
    sales = list(walk_ins(many, Assortment(many.seed, 90), clock, store(clock)))
    assert 0 < sum(sale.currency == "" for sale in sales) / len(sales) < 0.02


def test_references_are_intact(shop, crm):
    references = [
        ("addresses", "customer_id", "customers"), ("customers", "default_address_id", "addresses"),
        ("categories", "parent_id", "categories"), ("products", "category_id", "categories"),
        ("product_variants", "product_id", "products"), ("orders", "customer_id", "customers"),
        ("orders", "shipping_address_id", "addresses"), ("order_items", "order_id", "orders"),
        ("order_items", "variant_id", "product_variants"), ("order_adjustments", "order_id", "orders"),
        ("order_adjustments", "order_item_id", "order_items"), ("payments", "order_id", "orders"),
        ("refunds", "order_id", "orders"), ("refund_items", "refund_id", "refunds"),
        ("refund_items", "order_item_id", "order_items"), ("carts", "customer_id", "customers"),
        ("carts", "order_id", "orders"), ("cart_items", "cart_id", "carts"),
        ("cart_items", "variant_id", "product_variants"),
    ]  # fmt: skip
    for table, column, parent in references:
        known = shop[table][column].dropna()
        assert len(known) > 0, (table, column)
        assert set(known) <= set(shop[parent]["id"]), (table, column)
    contact_ids = set(properties(crm["contacts"])["id"])
    assert set(properties(crm["messages"])["contact_id"]) <= contact_ids
    assert set(properties(crm["consents"])["contact_id"]) <= contact_ids
    assert set(properties(crm["messages"])["campaign_id"]) <= set(properties(crm["campaigns"])["id"])
    shop_ids = properties(crm["contacts"])["shop_customer_id"].dropna().astype(int)
    assert len(shop_ids) > 0
    assert set(shop_ids) <= set(shop["customers"]["id"])
