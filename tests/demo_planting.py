"""Plants customers, orders, refunds and contacts in the simulated shop and CRM, in the words of their own files.

Knows nothing of the simulator and computes no money: what a test plants stands in the test.
"""

import json
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Item(NamedTuple):
    """An order item as the shop stores it: amounts in cents, tax included; the tax rate in basis points."""

    id: int
    variant_id: int
    quantity: int
    unit_price_cents: int
    tax_rate_bp: int


def insert(shop: sqlite3.Connection, table: str, **columns: object) -> None:
    """One row of a table of the shop; columns that are not given are NULL."""
    marks = ", ".join(["?"] * len(columns))
    shop.execute(f"insert into {table} ({', '.join(columns)}) values ({marks})", [*columns.values()])


def plant_customer(
    shop: sqlite3.Connection, customer_id: int, email: str | None, created_at: str, **columns: object
) -> None:
    """A customer record without address."""
    stamps = {"created_at": created_at, "updated_at": created_at}
    insert(shop, "customers", id=customer_id, email=email, locale="de_DE", **stamps, **columns)


def plant_cart(shop: sqlite3.Connection, cart_id: int, created_at: str, **columns: object) -> None:
    """An abandoned cart with nothing in it."""
    stamps = {"created_at": created_at, "updated_at": created_at}
    insert(shop, "carts", id=cart_id, currency_code="EUR", status="open", **stamps, **columns)


def plant_order(
    shop: sqlite3.Connection, order_id: int, placed_at: str, items: Iterable[Item], **columns: object
) -> None:
    """An order with its items; a delivered one in EUR without discount or shipping, where `columns` says no other."""
    items = list(items)
    stamps = {"created_at": placed_at, "updated_at": placed_at}
    order = {
        "status": "delivered",
        "currency_code": "EUR",
        "discount_cents": 0,
        "discount_tax_cents": 0,
        "shipping_cents": 0,
        "shipping_tax_cents": 0,
        "tax_cents": 0,
        "total_cents": sum(item.quantity * item.unit_price_cents for item in items),
        "is_test": 0,
        "placed_at": placed_at,
    }
    insert(shop, "orders", id=order_id, **{**order, **stamps, **columns})
    for item in items:
        insert(shop, "order_items", order_id=order_id, **item._asdict(), **stamps)


def plant_refund(
    shop: sqlite3.Connection, refund_id: int, order_id: int, refunded_at: str, parts: Iterable[dict[str, object]]
) -> None:
    """A refund of an order with its parts, each with kind, amount_cents, tax_cents and what it is about."""
    stamps = {"created_at": refunded_at, "updated_at": refunded_at}
    insert(shop, "refunds", id=refund_id, order_id=order_id, refunded_at=refunded_at, **stamps)
    for number, part in enumerate(parts, start=1):
        insert(shop, "refund_items", id=10 * refund_id + number, refund_id=refund_id, **part, **stamps)


def plant_contact(home: Path, contact_id: int, created_at: str, **properties: object) -> None:
    """A contact of the CRM."""
    plant_object(home, "contacts", contact_id, created_at, **properties)


def plant_object(home: Path, kind: str, object_id: int, created_at: str, **properties: object) -> None:
    """An object of the CRM, of a kind such as contacts or tickets."""
    one = {
        "id": str(object_id),
        "properties": properties,
        "createdAt": created_at,
        "updatedAt": created_at,
        "archived": False,
    }
    with (home / "demo" / "crm" / f"{kind}.jsonl").open("a", encoding="utf-8", newline="\n") as file:
        file.write(json.dumps(one) + "\n")
