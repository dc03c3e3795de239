"""The shop's database: its tables in the shop's own words, and the SQLite file that holds them.

Times are UTC text with seconds; amounts are whole minor units and include tax. Does not belong here: what
is in the tables (shop_rows.py, behaviour_rows.py).
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

TABLES: dict[str, str] = {
    "currencies": """
        code text primary key, name text, minor_units integer, is_main integer, updated_at text
    """,
    "exchange_rates": """
        id integer primary key, currency_code text, rate_on text, rate_to_main real, created_at
        text, updated_at text
    """,
    "customers": """
        id integer primary key, email text, phone text, first_name text, last_name text, gender
        text, born_on text, locale text, default_address_id integer, accepts_marketing integer, tags
        text, created_at text, updated_at text, deleted_at text
    """,
    "addresses": """
        id integer primary key, customer_id integer, country_code text, region text, city text,
        postal_code text, created_at text, updated_at text
    """,
    "categories": """
        id integer primary key, parent_id integer, name text, created_at text, updated_at text
    """,
    "products": """
        id integer primary key, category_id integer, brand text, title text, kind text, is_active
        integer, created_at text, updated_at text
    """,
    "product_variants": """
        id integer primary key, product_id integer, sku text, option_title text, price_cents
        integer, stock_quantity integer, created_at text, updated_at text
    """,
    "orders": """
        id integer primary key, number text, customer_id integer, email text, phone text,
        shipping_address_id integer, channel text, device text, status text, currency_code text,
        coupon_code text, items_cents integer, discount_cents integer, discount_tax_cents integer,
        shipping_cents integer, shipping_tax_cents integer, tax_cents integer, total_cents integer,
        is_test integer, placed_at text, shipped_at text, delivered_at text, cancelled_at text,
        created_at text, updated_at text, deleted_at text
    """,
    "order_items": """
        id integer primary key, order_id integer, variant_id integer, title text, quantity integer,
        unit_price_cents integer, tax_rate_bp integer, created_at text, updated_at text
    """,
    "order_adjustments": """
        id integer primary key, order_id integer, order_item_id integer, kind text, code text,
        amount_cents integer, created_at text, updated_at text
    """,
    "payments": """
        id integer primary key, order_id integer, method text, amount_cents integer, status text,
        captured_at text, created_at text, updated_at text
    """,
    "refunds": """
        id integer primary key, order_id integer, reason text, refunded_at text, created_at text,
        updated_at text
    """,
    "refund_items": """
        id integer primary key, refund_id integer, order_item_id integer, kind text, quantity
        integer, amount_cents integer, tax_cents integer, created_at text, updated_at text
    """,
    "carts": """
        id integer primary key, customer_id integer, email text, phone text, currency_code text,
        channel text, device text, status text, order_id integer, created_at text, updated_at text
    """,
    "cart_items": """
        id integer primary key, cart_id integer, variant_id integer, quantity integer,
        unit_price_cents integer, tax_rate_bp integer, created_at text, updated_at text, deleted_at
        text
    """,
    "page_events": """
        id integer primary key, visitor_token text, customer_id integer, email text, kind text, query
        text, product_id integer, source text, device text, occurred_at text
    """,
    "wishlist_items": """
        id integer primary key, customer_id integer, product_id integer, added_at text, removed_at
        text, updated_at text
    """,
    "product_reviews": """
        id integer primary key, customer_id integer, order_id integer, product_id integer, stars
        integer, body text, created_at text, updated_at text
    """,
    "referrals": """
        id integer primary key, referrer_id integer, invitee_id integer, invitee_order_id integer,
        created_at text, updated_at text
    """,
}


def write_shop(path: Path, rows: dict[str, list[tuple]]) -> None:
    """Write every table to a new SQLite file."""
    path.unlink(missing_ok=True)
    connection = sqlite3.connect(path)
    try:
        # The file is new and replaces the old one when complete: a journal would protect nothing.
        connection.execute("pragma journal_mode = off")
        connection.execute("pragma synchronous = off")
        for table, columns in TABLES.items():
            connection.execute(f"create table {table} ({columns})")
            marks = ", ".join("?" * len(columns.split(",")))
            connection.executemany(f"insert into {table} values ({marks})", rows[table])
        connection.commit()
    finally:
        connection.close()
