"""The Vendure shop that tests plant, in Vendure's own tables: two channels, a small catalogue, an order of each kind.

Each amount stands with the arithmetic that gave it. Prices are hundredths; in the default channel they include tax.
What must come of them stands in tests/integration/test_vendure.py.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, text

from tests.integration.databases import create_tables, insert

SCHEMA = Path(__file__).with_name("vendure.sql")
CHAIR, LAMP, OLD = 1, 2, 3
RED, BLUE, LAMP_VARIANT, OLD_VARIANT = 1, 2, 3, 4
ANNA, GUEST, GONE = 1, 2, 3
CREATED = "2026-01-02 09:00:00"


def plant(shop: Connection) -> None:
    """The shop before the changes, in an empty database."""
    create_tables(shop, SCHEMA)
    _plant_catalogue(shop)
    _plant_customers(shop)
    _plant_orders(shop)
    _plant_refunds(shop)
    _plant_carts(shop)


def _plant_catalogue(shop: Connection) -> None:
    """A chair in two colours, a lamp, and a product that is deleted; collections below a root."""
    channel = {"token": "x", "defaultCurrencyCode": "EUR", "pricesIncludeTax": True}
    insert(shop, "channel", {**channel, "code": "__default_channel__", "defaultLanguageCode": "de"})
    insert(shop, "channel", {**channel, "code": "wholesale", "defaultLanguageCode": "en"})
    for id, deleted, names in [
        (CHAIR, None, {"en": "Chair", "de": "Stuhl"}),
        (LAMP, None, {"en": "Lamp", "de": "Lampe"}),
        (OLD, "2026-02-01 09:00:00", {"en": "Old one"}),
    ]:
        insert(shop, "product", {"createdAt": CREATED, "updatedAt": CREATED, "deletedAt": deleted})
        for language, name in names.items():
            insert(shop, "product_translation", {"languageCode": language, "name": name, "slug": name, "baseId": id})
    for product, sku in [(CHAIR, "CHAIR-R"), (CHAIR, "CHAIR-B"), (LAMP, "LAMP"), (OLD, "OLD")]:
        insert(shop, "product_variant", {"sku": sku, "productId": product})
    # Cheaper in another channel, dearer in another currency.
    for variant, channel_id, currency, price in [
        (RED, 1, "EUR", 11900),
        (RED, 1, "USD", 12900),
        (RED, 2, "EUR", 9900),
        (BLUE, 1, "EUR", 13090),
        (LAMP_VARIANT, 1, "EUR", 2380),
    ]:
        row = {"variantId": variant, "channelId": channel_id, "currencyCode": currency, "price": price}
        insert(shop, "product_variant_price", row)
    for variant, location, pieces in [(RED, 1, 3), (RED, 2, 4), (BLUE, 1, 5)]:
        row = {"productVariantId": variant, "stockLocationId": location, "stockOnHand": pieces, "stockAllocated": 1}
        insert(shop, "stock_level", row)
    for position, (parent, name) in enumerate([(None, "__root_collection__"), (1, "Möbel"), (2, "Stühle")]):
        insert(shop, "collection", {"isRoot": not parent, "position": position, "filters": "[]", "parentId": parent})
        translation = {"languageCode": "de", "name": name, "slug": name, "baseId": position + 1}
        insert(shop, "collection_translation", translation)
    for collection, variant in [(2, RED), (2, BLUE), (3, RED), (3, BLUE), (2, LAMP_VARIANT)]:
        row = {"collectionId": collection, "productVariantId": variant}
        insert(shop, "collection_product_variants_product_variant", row)


def _plant_customers(shop: Connection) -> None:
    """An account with two addresses, a guest, who has no user, and a deleted account."""
    for name, more in [
        ("Anna", {"userId": 1, "phoneNumber": "+49 30 1234567"}),
        ("Gustav", {}),
        ("Gone", {"userId": 2, "deletedAt": "2026-02-01 09:00:00"}),
    ]:
        row = {"firstName": name, "lastName": "", "emailAddress": f"{name.lower()}@example.com", "createdAt": CREATED}
        insert(shop, "customer", {**row, "updatedAt": CREATED, **more})
    for code in ("de", "AT"):
        insert(shop, "region", {"code": code, "type": "country", "enabled": True, "discriminator": "Country"})
    insert(shop, "address", {"customerId": ANNA, "countryId": 2, "city": "Wien", "postalCode": "1010"})
    berlin = {"customerId": ANNA, "countryId": 1, "city": "Berlin", "postalCode": "10115"}
    insert(shop, "address", {**berlin, "defaultShippingAddress": True})


def plant_order(shop: Connection, id: int, placed: str | None, state: str, total: tuple[int, int], **more: Any) -> None:
    """A cart or order; `total` is that of its lines without and with tax, `more` are other columns."""
    row = {
        "id": id,
        "code": f"ORDER{id}",
        "state": state,
        "active": placed is None,
        "orderPlacedAt": placed,
        "createdAt": "2026-03-01 08:00:00",
        "updatedAt": placed or "2026-03-20 12:00:00",
        "couponCodes": "",
        "shippingAddress": "{}",
        "billingAddress": "{}",
        "currencyCode": "EUR",
        "customerId": ANNA,
        "subTotal": total[0],
        "subTotalWithTax": total[1],
    }
    insert(shop, "order", {**row, **more})


def plant_line(
    shop: Connection,
    id: int,
    order: int,
    variant: int,
    quantity: int,
    price: int,
    *,
    taxes: Sequence[float] = (19,),
    discounts: Sequence[int] = (),
    **more: Any,
) -> None:
    """A line of an order: tax rates in per cent, discounts in hundredths, its parts of the order's among them."""
    row = {
        "id": id,
        "orderId": order,
        "productVariantId": variant,
        "quantity": quantity,
        "orderPlacedQuantity": quantity,
        "listPrice": price,
        "listPriceIncludesTax": True,
        "taxLines": json.dumps([{"description": "tax", "taxRate": rate} for rate in taxes]),
        "adjustments": json.dumps(
            [{"type": "PROMOTION", "description": "p", "amount": amount} for amount in discounts]
        ),
        "updatedAt": "2026-03-20 12:00:00",
    }
    insert(shop, "order_line", {**row, **more})


def plant_history(shop: Connection, order: int, occurred: str, state: str, **data: str) -> None:
    """A change of an order's state, or of a refund's where its id is given."""
    kind = "ORDER_REFUND_TRANSITION" if data else "ORDER_STATE_TRANSITION"
    row = {"type": kind, "isPublic": True, "discriminator": "order-history-entry", "orderId": order}
    said = json.dumps({"from": "Before", "to": state, **data})
    insert(shop, "history_entry", {**row, "data": said, "createdAt": occurred, "updatedAt": occurred})


def _plant_orders(shop: Connection) -> None:
    # 1: two red chairs at 119.00, with 23.80 off and 11.90 of a discount on the order: 238.00 / 1.19 = 200.00 and
    # 202.30 / 1.19 = 170.00; a lamp at 23.80 with 1.19 of it: 20.00 and 19.00; a gift wrap for 2.38, 2.00 without tax;
    # and 1.19 for an apology, 1.42 with tax.
    # Half an hour before midnight UTC, which is the next day in Berlin.
    address = {"city": "Graz", "province": "", "countryCode": "at", "phoneNumber": "+43 1 234"}
    plant_order(
        shop,
        1,
        "2026-03-01 23:30:00",
        "PaymentSettled",
        (17000 + 1900 + 200 - 119, 20230 + 2261 + 238 - 142),
        shipping=500,
        shippingWithTax=595,
        couponCodes="SPRING",
        shippingAddress=json.dumps(address),
    )
    plant_line(shop, 1, 1, RED, 2, 11900, discounts=[-2380, -1190])
    plant_line(shop, 2, 1, LAMP_VARIANT, 1, 2380, discounts=[-119])
    surcharge = {"orderId": 1, "sku": "", "listPriceIncludesTax": True, "taxLines": json.dumps([{"taxRate": 19}])}
    insert(shop, "surcharge", {**surcharge, "description": "Gift wrap", "listPrice": 238})
    insert(shop, "surcharge", {**surcharge, "description": "Apology", "listPrice": -119, "listPriceIncludesTax": False})
    plant_history(shop, 1, "2026-03-01 23:30:05", "PaymentSettled")
    plant_history(shop, 1, "2026-03-05 10:00:00", "Delivered")
    # 2: a guest, prices without tax, two rates that make 8.875 %: 3 x 100.00 - 10.00 = 290.00, with tax 315.74.
    plant_order(shop, 2, "2026-03-02 12:00:00", "Shipped", (29000, 31574), customerId=GUEST)
    plant_line(shop, 3, 2, BLUE, 3, 10000, taxes=[6.25, 2.625], discounts=[-1000], listPriceIncludesTax=False)
    # 3: cancelled after midnight in Berlin, which takes pieces and totals away: bought were 2 x 23.80 / 1.19 = 40.00.
    plant_order(shop, 3, "2026-03-03 12:00:00", "Cancelled", (0, 0), updatedAt="2026-03-09 08:00:00")
    plant_line(shop, 4, 3, LAMP_VARIANT, 0, 2380, orderPlacedQuantity=2)
    plant_history(shop, 3, "2026-03-05 23:30:00", "Cancelled")
    # 8 to 12: yen, which are stored with two decimals too; the part of a marketplace order that a seller gets; a state
    # of the shop's own; a payment that is only authorized; one where more is to be paid.
    plant_order(shop, 8, "2026-03-06 12:00:00", "PaymentSettled", (429900, 429900), currencyCode="JPY")
    plant_line(shop, 20, 8, RED, 1, 429900, taxes=[0])
    plant_order(shop, 9, "2026-03-06 12:00:00", "PaymentSettled", (2000, 2380), type="Seller", aggregateOrderId=1)
    plant_line(shop, 21, 9, LAMP_VARIANT, 1, 2380)
    plant_order(shop, 10, "2026-03-06 12:00:00", "OnHold", (2000, 2380))
    plant_line(shop, 22, 10, LAMP_VARIANT, 1, 2380)
    plant_order(shop, 11, "2026-03-06 12:00:00", "PaymentAuthorized", (2000, 2380), customerId=GUEST)
    plant_line(shop, 23, 11, LAMP_VARIANT, 1, 2380)
    plant_order(shop, 12, "2026-03-07 12:00:00", "ArrangingAdditionalPayment", (2000, 2380), customerId=GUEST)
    plant_line(shop, 24, 12, LAMP_VARIANT, 1, 2380)


def _plant_refunds(shop: Connection) -> None:
    # 4: two red chairs for 238.00, a lamp for 23.80, shipping 5.95: 200.00 and 20.00 without tax, paid 267.75.
    plant_order(shop, 4, "2026-03-04 12:00:00", "Delivered", (22000, 26180), shipping=500, shippingWithTax=595)
    plant_line(shop, 5, 4, RED, 2, 11900)
    plant_line(shop, 6, 4, LAMP_VARIANT, 1, 2380)
    # 5: two lamps for 47.60.
    plant_order(shop, 5, "2026-03-04 12:00:00", "Delivered", (4000, 4760))
    plant_line(shop, 7, 5, LAMP_VARIANT, 2, 2380)
    payment = {"method": "card", "state": "Settled", "metadata": "{}"}
    insert(shop, "payment", {**payment, "id": 1, "orderId": 4, "amount": 26775})
    insert(shop, "payment", {**payment, "id": 2, "orderId": 4, "amount": 26775, "state": "Declined"})
    insert(shop, "payment", {**payment, "id": 3, "orderId": 5, "amount": 4760})
    # 1: one chair and the shipping, 119.00 + 5.95. 2: goodwill of 5.95; left are 267.75 - 124.95 = 142.80, of it
    # merchandise 220.00 - 100.00 = 120.00: 5.95 x 120.00 / 142.80 = 5.00. It was settled after midnight in Berlin.
    # 3 waits, 4 failed. 5: one lamp for half of its 23.80.
    refund = {
        "method": "card",
        "metadata": "{}",
        "items": 0,
        "shipping": 0,
        "adjustment": 0,
        "createdAt": "2026-03-10 10:00:00",
    }
    for id, payment_id, total, state in [
        (1, 1, 12495, "Settled"),
        (2, 1, 595, "Settled"),
        (3, 1, 1190, "Pending"),
        (4, 1, 1190, "Failed"),
        (5, 3, 1190, "Settled"),
    ]:
        row = {"id": id, "paymentId": payment_id, "total": total, "state": state, "updatedAt": "2026-03-12 08:00:00"}
        insert(shop, "refund", {**refund, **row})
    plant_history(shop, 4, "2026-03-11 23:15:00", "Settled", refundId="2")
    for kind, line, refund_id in [("RefundLine", 5, 1), ("RefundLine", 7, 5), ("FulfillmentLine", 6, None)]:
        insert(
            shop,
            "order_line_reference",
            {"discriminator": kind, "orderLineId": line, "refundId": refund_id, "quantity": 1},
        )


def _plant_carts(shop: Connection) -> None:
    # 6: of nobody known, with a chair of each colour, 119.00 + 130.90. 7: Anna's, about to be paid. 13: the staff's.
    plant_order(shop, 6, None, "AddingItems", (21000, 24990), customerId=None)
    plant_line(shop, 8, 6, RED, 1, 11900, orderPlacedQuantity=0)
    plant_line(shop, 9, 6, BLUE, 1, 13090, orderPlacedQuantity=0)
    plant_order(shop, 7, None, "ArrangingPayment", (12000, 14280))
    plant_line(shop, 10, 7, LAMP_VARIANT, 1, 2380, orderPlacedQuantity=0)
    plant_line(shop, 11, 7, RED, 1, 11900, orderPlacedQuantity=0)
    plant_order(shop, 13, None, "Draft", (0, 0), customerId=GUEST)


def change(shop: Connection) -> None:
    """Later: a payment is captured, a refund settled, and a cart becomes an order after a chair was taken out of it."""
    now = "2026-03-21 10:00:00"
    for statement in [
        """update "order" set "state" = 'PaymentSettled', "updatedAt" = :now where "id" = 11""",
        """update refund set "state" = 'Settled', "updatedAt" = :now where "id" = 3""",
        """delete from order_line where "id" = 11""",
        """update "order" set "state" = 'PaymentSettled', "orderPlacedAt" = :now, "updatedAt" = :now, "active" = false,
            "subTotal" = 2000, "subTotalWithTax" = 2380 where "id" = 7""",
        """update order_line set "orderPlacedQuantity" = 1, "updatedAt" = :now where "id" = 10""",
    ]:
        shop.execute(text(statement), {"now": now} if ":now" in statement else {})
    plant_history(shop, 4, now, "Settled", refundId="3")
