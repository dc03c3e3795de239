"""Writes orders into the tables of WooCommerce as it does itself: a row, its items, and their attributes as text.

Belongs here: how WooCommerce keeps what tests plant. What they plant stands in woocommerce_shop.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.integration.databases import insert

SCHEMA = Path(__file__).with_name("woocommerce.sql")
SHIRT, SMALL, LARGE, MUG, POSTER = 100, 101, 102, 110, 120
ANNA, BEN = 11, 12


@dataclass(frozen=True)
class Item:
    """An order item; `meta` is what its attributes say."""

    id: int
    type: str
    name: str
    meta: dict[str, str] = field(default_factory=dict)


def line(id: int, product_id: int, quantity: int, subtotal: str, total: str, tax: str, **more: int) -> Item:
    """A product or, where the id is a size's, a shirt of that size. Amounts are without tax, before and after coupons.

    `more` are further attributes, without their leading underscore.
    """
    is_size = product_id in (SMALL, LARGE)
    meta = {
        "_product_id": SHIRT if is_size else product_id,
        "_variation_id": product_id if is_size else 0,
        "_qty": quantity,
        "_tax_class": "",
        "_line_subtotal": subtotal,
        "_line_total": total,
        "_line_tax": tax,
        **{f"_{name}": value for name, value in more.items()},
    }
    return Item(id, "line_item", f"Product {product_id}", {key: str(value) for key, value in meta.items()})


def shipping(id: int, cost: str, tax: str) -> Item:
    return Item(id, "shipping", "Flat rate", {"method_id": "flat_rate", "cost": cost, "total_tax": tax})


def fee(id: int, name: str, total: str, tax: str) -> Item:
    return Item(id, "fee", name, {"_fee_amount": total, "_line_total": total, "_line_tax": tax})


def plant_order(shop: Connection, id: int, created: str, total: str, items: Sequence[Item] = (), **more: Any) -> None:
    """An order, draft or refund with its items. `more` are columns of any of its tables.

    Without more said it is processing, in EUR, of nobody registered, and was last changed when it was created.
    """
    order = {
        "id": id,
        "type": "shop_order",
        "status": "wc-processing",
        "currency": "EUR",
        "tax_amount": "0",
        "total_amount": total,
        "customer_id": 0,
        "date_created_gmt": created,
        "date_updated_gmt": created,
        "parent_order_id": 0,
    }
    data = {"created_via": "checkout", "shipping_total_amount": "0", "shipping_tax_amount": "0"}
    columns = ("discount_total_amount", "date_paid_gmt", *data)
    insert(shop, "wp_wc_orders", {**order, **{name: value for name, value in more.items() if name not in columns}})
    said = {name: more[name] for name in columns if name in more}
    insert(shop, "wp_wc_order_operational_data", {**data, "order_id": id, **said})
    plant_items(shop, id, items)


def plant_items(shop: Connection, order_id: int, items: Sequence[Item]) -> None:
    """Items of an order with their attributes."""
    for item in items:
        row = {"order_item_id": item.id, "order_item_name": item.name, "order_item_type": item.type}
        insert(shop, "wp_woocommerce_order_items", {**row, "order_id": order_id})
        meta = [{"order_item_id": item.id, "meta_key": key, "meta_value": value} for key, value in item.meta.items()]
        insert(shop, "wp_woocommerce_order_itemmeta", *meta)


def remove_items(shop: Connection, order_id: int) -> None:
    """Delete the items of an order without a trace, as an edit of the order does."""
    of_order = "order_item_id in (select order_item_id from wp_woocommerce_order_items where order_id = :order_id)"
    shop.execute(text(f"delete from wp_woocommerce_order_itemmeta where {of_order}"), {"order_id": order_id})
    shop.execute(text("delete from wp_woocommerce_order_items where order_id = :order_id"), {"order_id": order_id})


def update_order(shop: Connection, id: int, updated: str, **columns: Any) -> None:
    """Change columns of an order, and its time of change."""
    changes = {**columns, "date_updated_gmt": updated}
    assignments = ", ".join(f"{name} = :{name}" for name in changes)
    shop.execute(text(f"update wp_wc_orders set {assignments} where id = :id"), {**changes, "id": id})
