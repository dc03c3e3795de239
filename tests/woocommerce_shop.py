"""The WooCommerce shop that tests plant: a small catalogue, three customers, an order of each kind, and later changes.

Each amount stands with the arithmetic that gave it. How WooCommerce keeps it stands in woocommerce_planting.py.
"""

from sqlalchemy import Connection, text
from woocommerce_planting import (
    ANNA,
    BEN,
    LARGE,
    MUG,
    POSTER,
    SCHEMA,
    SHIRT,
    SMALL,
    Item,
    fee,
    line,
    plant_items,
    plant_order,
    remove_items,
    shipping,
    update_order,
)

from tests.integration.databases import create_tables, insert


def plant(shop: Connection) -> None:
    """The shop before the changes, in an empty database."""
    create_tables(shop, SCHEMA)
    _plant_catalogue(shop)
    _plant_customers(shop)
    _plant_orders(shop)


def _plant_catalogue(shop: Connection) -> None:
    """A shirt in two sizes, a mug, a poster in the trash, and a page that is no product."""
    changed = "2026-01-02 09:00:00"
    posts = [
        (SHIRT, "product", "T-Shirt", "publish", 0),
        (SMALL, "product_variation", "T-Shirt - S", "publish", SHIRT),
        (LARGE, "product_variation", "T-Shirt - L", "publish", SHIRT),
        (MUG, "product", "Mug", "publish", 0),
        (POSTER, "product", "Poster", "trash", 0),
        (130, "page", "About us", "publish", 0),
    ]
    for id, post_type, title, status, parent in posts:
        row = {"ID": id, "post_type": post_type, "post_title": title, "post_status": status, "post_parent": parent}
        insert(shop, "wp_posts", {**row, "post_modified_gmt": changed})
    insert(
        shop,
        "wp_wc_product_meta_lookup",
        {"product_id": SHIRT, "sku": "", "min_price": "20", "max_price": "20"},
        {"product_id": SMALL, "sku": "TS-S", "min_price": "20", "stock_quantity": 3},
        {"product_id": LARGE, "sku": "TS-L", "min_price": "20", "stock_quantity": 4},
        {"product_id": MUG, "sku": "MUG", "min_price": "10", "stock_quantity": 8},
        {"product_id": POSTER, "sku": "POSTER", "min_price": "5"},
    )
    # Ids of terms and of what they are differ. The shirt is in Clothing and in Shirts below it.
    terms = [(1, 21, "Clothing", "product_cat", 0), (2, 22, "Shirts", "product_cat", 1)]
    terms += [(3, 23, "Home", "product_cat", 0), (4, 24, "Acme", "product_brand", 0)]
    terms += [(5, 25, "Gifts", "product_tag", 0)]
    for term, taxonomy_id, name, taxonomy, parent in terms:
        insert(shop, "wp_terms", {"term_id": term, "name": name})
        row = {"term_taxonomy_id": taxonomy_id, "term_id": term, "taxonomy": taxonomy, "parent": parent}
        insert(shop, "wp_term_taxonomy", row)
    for product_id, taxonomy_id in [(SHIRT, 21), (SHIRT, 22), (SHIRT, 24), (MUG, 23), (MUG, 25), (POSTER, 23)]:
        insert(shop, "wp_term_relationships", {"object_id": product_id, "term_taxonomy_id": taxonomy_id})


def _plant_customers(shop: Connection) -> None:
    """Two accounts, whose numbers are not those of their rows, and a guest. The server's clock shows UTC."""
    shop.execute(text("set time_zone = '+00:00'"))
    for id, user_id, name in [(1, ANNA, "Anna"), (2, BEN, "Ben"), (3, None, "Cleo")]:
        row = {"customer_id": id, "user_id": user_id, "first_name": name, "last_name": "", "country": "DE"}
        registered = "2026-01-05 00:30:00" if user_id else None
        insert(
            shop,
            "wp_wc_customer_lookup",
            {**row, "email": f"{name.lower()}@example.com", "date_registered": registered},
        )


def _plant_orders(shop: Connection) -> None:
    # 1001: shirts 2 x 20.00 and a mug, less a coupon of 10 % on the order, a gift wrap and shipping, 19 % tax on all.
    # Tax: 36.00 → 6.84, 9.00 → 1.71, wrap 2.00 → 0.38, shipping 4.90 → 0.93. Total: 51.90 + 9.86.
    # Half an hour before midnight GMT, which is the next day in Berlin.
    plant_order(
        shop,
        1001,
        "2026-03-01 23:30:00",
        "61.76",
        [
            line(1, LARGE, 2, "40", "36", "6.84"),
            line(2, MUG, 1, "10", "9", "1.71"),
            fee(3, "Gift wrap", "2", "0.38"),
            shipping(4, "4.90", "0.93"),
            Item(5, "coupon", "spring10", {"discount_amount": "5", "discount_amount_tax": "0.95"}),
            Item(6, "tax", "DE-VAT-1", {"rate_id": "1", "tax_amount": "8.93", "shipping_tax_amount": "0.93"}),
        ],
        customer_id=ANNA,
        billing_email="anna@example.com",
        status="wc-completed",
        tax_amount="8.93",
        shipping_total_amount="4.90",
        shipping_tax_amount="0.93",
        discount_total_amount="5",
        date_paid_gmt="2026-03-01 23:35:00",
        date_updated_gmt="2026-03-03 08:00:00",
    )
    insert(
        shop,
        "wp_wc_order_addresses",
        {"order_id": 1001, "address_type": "billing", "country": "DE", "city": "Berlin", "phone": "+49 30 1234567"},
        {"order_id": 1001, "address_type": "shipping", "country": "AT", "city": "Wien", "state": ""},
    )
    insert(
        shop,
        "wp_wc_orders_meta",
        {"order_id": 1001, "meta_key": "_wc_order_attribution_device_type", "meta_value": "Mobile"},
    )
    # 1002: a guest, in a shop that remembers the address in capitals.
    plant_order(
        shop,
        1002,
        "2026-03-02 12:00:00",
        "23.80",
        [line(10, SMALL, 1, "20", "20", "3.80")],
        billing_email="Cleo@Example.com",
        tax_amount="3.80",
    )
    # 1003: set to refunded by hand: one refund of the whole amount, without items. 30.00 + 5.70 + 5.00 + 0.95.
    plant_order(
        shop,
        1003,
        "2026-03-03 12:00:00",
        "41.65",
        [line(11, MUG, 3, "30", "30", "5.70"), shipping(12, "5", "0.95")],
        customer_id=BEN,
        status="wc-refunded",
        tax_amount="5.70",
        shipping_total_amount="5",
        shipping_tax_amount="0.95",
    )
    plant_refund = {"type": "shop_order_refund", "status": "wc-completed", "created_via": ""}
    plant_order(shop, 1103, "2026-03-09 10:00:00", "-41.65", parent_order_id=1003, **plant_refund)
    # 1004: shirts 2 x 20.00, a mug, shipping: 40 + 7.60 + 10 + 1.90 + 5 + 0.95. One shirt and the shipping come back by
    # list, then 5.95 as goodwill. Left were 65.45 - 29.75 = 35.70, of it merchandise 50 - 20 = 30: 5.95 x 30/35.70 = 5.
    plant_order(
        shop,
        1004,
        "2026-03-04 12:00:00",
        "65.45",
        [
            line(13, SMALL, 2, "40", "40", "7.60"),
            line(14, MUG, 1, "10", "10", "1.90"),
            shipping(15, "5", "0.95"),
        ],
        customer_id=BEN,
        status="wc-completed",
        tax_amount="9.50",
        shipping_total_amount="5",
        shipping_tax_amount="0.95",
    )
    returned = line(16, SMALL, -1, "-20", "-20", "-3.80", refunded_item_id=13)
    sent_back = [returned, shipping(17, "-5", "-0.95"), Item(18, "tax", "DE-VAT-1", {"tax_amount": "-3.80"})]
    plant_order(shop, 1104, "2026-03-10 10:00:00", "-29.75", sent_back, parent_order_id=1004, **plant_refund)
    plant_order(shop, 1105, "2026-03-11 23:15:00", "-5.95", parent_order_id=1004, **plant_refund)
    # 1005 to 1007: cancelled two days later, failed, and put into the trash after midnight in Berlin.
    mug = {"tax_amount": "1.90", "customer_id": ANNA}
    times = {"date_updated_gmt": "2026-03-07 09:00:00"}
    items = [line(19, MUG, 1, "10", "10", "1.90")]
    plant_order(shop, 1005, "2026-03-05 12:00:00", "11.90", items, status="wc-cancelled", **mug, **times)
    items = [line(20, MUG, 1, "10", "10", "1.90")]
    plant_order(shop, 1006, "2026-03-05 12:00:00", "11.90", items, status="wc-failed", **mug)
    items = [line(21, MUG, 1, "10", "10", "1.90")]
    times = {"date_updated_gmt": "2026-03-08 23:30:00"}
    plant_order(shop, 1007, "2026-03-05 12:00:00", "11.90", items, status="trash", **mug, **times)
    insert(
        shop,
        "wp_wc_orders_meta",
        {"order_id": 1007, "meta_key": "_wp_trash_meta_status", "meta_value": "wc-processing"},
    )
    # 1008: in dollars, for which nobody gives a rate.
    items = [line(22, MUG, 1, "12", "12", "0")]
    plant_order(shop, 1008, "2026-03-06 12:00:00", "12", items, status="wc-on-hold", currency="USD", customer_id=ANNA)
    # 1009, 1010, 1013: a draft with both sizes, an empty one of the staff, and one that will be cleared away.
    draft = {"status": "wc-checkout-draft", "created_via": "store-api", "billing_email": "ben@example.com"}
    items = [
        line(23, SMALL, 1, "20", "20", "3.80"),
        line(24, LARGE, 2, "40", "40", "7.60"),
        shipping(25, "5", "0.95"),
        Item(26, "tax", "DE-VAT-1", {"tax_amount": "11.40"}),
    ]
    plant_order(shop, 1009, "2026-03-20 12:00:00", "77.35", items, customer_id=BEN, **draft)
    plant_order(shop, 1010, "2026-03-20 13:00:00", "0", status="auto-draft", created_via="admin")
    items = [line(27, MUG, 2, "20", "20", "3.80")]
    plant_order(shop, 1013, "2026-03-20 14:00:00", "23.80", items, **draft)
    # 1011: a subscription, which an extension keeps among the orders. 1012: a rebate as a negative fee.
    items = [line(28, MUG, 1, "10", "10", "1.90")]
    plant_order(shop, 1011, "2026-03-07 12:00:00", "11.90", items, type="shop_subscription", status="wc-active")
    items = [line(29, MUG, 1, "10", "10", "1.90"), fee(30, "Store credit", "-3", "-0.57")]
    plant_order(shop, 1012, "2026-03-08 12:00:00", "8.33", items, status="wc-pending", customer_id=BEN)


def change(shop: Connection) -> None:
    """A day later: a payment, an edited line, a draft that became an order with items of its own, one cleared away."""
    update_order(shop, 1012, "2026-03-21 10:00:00", status="wc-processing")
    update_order(shop, 1002, "2026-03-21 10:00:00", total_amount="47.60", tax_amount="7.60")
    edited = {"_qty": "2", "_line_subtotal": "40", "_line_total": "40", "_line_tax": "7.60"}
    for key, value in edited.items():
        update = "update wp_woocommerce_order_itemmeta set meta_value = :value"
        shop.execute(text(f"{update} where order_item_id = 10 and meta_key = :key"), {"key": key, "value": value})
    remove_items(shop, 1009)
    plant_items(shop, 1009, [line(31, SMALL, 1, "20", "20", "3.80")])
    update_order(shop, 1009, "2026-03-21 11:00:00", status="wc-processing", total_amount="23.80", tax_amount="3.80")
    remove_items(shop, 1013)
    shop.execute(text("delete from wp_wc_orders where id = 1013"))
