"""The world as rows of the shop's own tables, as they stand at the clock's cutoff.

Does not belong here: the tables' definitions and the file (shop.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from dagster_project.demo.assortment import (
    FIRST_PRICE_RISE_DAY,
    LAUNCH_EVERY_DAYS,
    PRICES_RISE_EVERY_DAYS,
    TREE,
    Product,
    price_rises,
)
from dagster_project.demo.clock import Clock, utc_text
from dagster_project.demo.markets import CURRENCIES, MAIN_CURRENCY
from dagster_project.demo.orders import Cart, Order
from dagster_project.demo.rates import rates
from dagster_project.demo.world import World, numbered

RESTOCKED_TO = 60
Row = tuple
Rows = dict[str, list[Row]]


def as_of(row: dict, created_at: int, changes: Iterable[tuple[int, dict]], clock: Clock) -> int:
    """Apply to a row what had changed by the clock's cutoff; the instant of its newest version."""
    updated_at = created_at
    for at, columns in sorted(changes, key=lambda change: change[0]):
        if at < clock.cutoff:
            row.update(columns)
            updated_at = max(updated_at, at)
    return updated_at


def shop_rows(world: World, seed: int) -> Rows:
    """Every table of the shop."""
    clock = world.clock
    rows: Rows = {
        "currencies": list(_currencies(clock)),
        "exchange_rates": [
            (
                number,
                rate.currency,
                str(rate.day),
                rate.rate,
                utc_text(rate.created_at),
                utc_text(rate.created_at),
            )
            for number, rate in enumerate(rates(seed, clock), start=1)
        ],
        "customers": list(_customers(world)),
        "addresses": list(_addresses(world)),
        "categories": list(_categories(clock)),
    }
    rows |= _order_tables(world.orders, clock)
    rows |= _cart_tables(world.carts, clock)
    rows |= _product_tables(world)
    return rows


def _currencies(clock: Clock) -> Iterator[Row]:
    opened = utc_text(clock.midnight(-30))
    for code, (name, _, _) in CURRENCIES.items():
        yield code, name, 2, int(code == MAIN_CURRENCY), opened


def _customers(world: World) -> Iterator[Row]:
    for account in world.accounts:
        row = {"default_address": account.default_address, "deleted_at": None}
        updated_at = as_of(row, account.created_at, account.changes, world.clock)
        yield (
            account.id,
            account.email,
            account.phone,
            account.first_name,
            account.last_name,
            account.gender,
            str(account.born_on) if account.born_on else None,
            account.locale,
            row["default_address"].id,
            int(account.accepts_marketing),
            account.tags,
            utc_text(account.created_at),
            utc_text(updated_at),
            utc_text(row["deleted_at"]),
        )


def _addresses(world: World) -> Iterator[Row]:
    for address in world.addresses:
        town, region, postal_code = address.town
        created = utc_text(address.created_at)
        account_id = address.account.id if address.account else None
        yield address.id, account_id, address.market.country, region, town, postal_code, created, created


def _categories(clock: Clock) -> Iterator[Row]:
    opened = utc_text(clock.midnight(-30))
    number = 0
    for top, middles in TREE.items():
        top_id = number = number + 1
        yield top_id, None, top, opened, opened
        for middle, leaves in middles.items():
            middle_id = number = number + 1
            yield middle_id, top_id, middle, opened, opened
            for leaf in leaves:
                number += 1
                yield number, middle_id, leaf, opened, opened


def _order_tables(orders: list[Order], clock: Clock) -> Rows:
    rows: Rows = {"orders": [], "order_items": [], "order_adjustments": [], "payments": []}
    for order in orders:
        rows["orders"].append(_order(order, clock))
        created = utc_text(order.created_at)
        for line in order.basket.lines:
            line.id = len(rows["order_items"]) + 1
            variant = line.variant
            rows["order_items"].append(
                (
                    line.id,
                    order.id,
                    variant_id(variant.product, variant.number),
                    variant.product.title,
                    line.quantity,
                    line.unit_price,
                    line.tax_rate,
                    created,
                    created,
                )
            )
        for line_id, kind, code, cents in _adjustments(order):
            number = len(rows["order_adjustments"]) + 1
            rows["order_adjustments"].append((number, order.id, line_id, kind, code, cents, created, created))
        for payment in order.payments:
            is_captured = payment.captured_at is not None and payment.captured_at < clock.cutoff
            captured_at = payment.captured_at if is_captured else None
            updated = utc_text(max(payment.created_at, captured_at or 0))
            rows["payments"].append(
                (
                    len(rows["payments"]) + 1,
                    order.id,
                    payment.method,
                    payment.cents,
                    "captured" if is_captured else "pending",
                    utc_text(captured_at),
                    utc_text(payment.created_at),
                    updated,
                )
            )
    return rows | _refund_tables(orders, clock)


def _adjustments(order: Order) -> Iterator[tuple[int | None, str, str | None, int]]:
    basket = order.basket
    for line in basket.lines:
        if line.sale:
            yield line.id, "sale", None, line.sale
    if basket.coupon:
        yield None, "coupon", basket.coupon_code, basket.coupon


def _order(order: Order, clock: Clock) -> Row:
    basket, buyer = order.basket, order.buyer
    row = {
        "status": order.status,
        "phone": buyer.phone,
        "shipped_at": None,
        "delivered_at": order.delivered_at,
        "cancelled_at": None,
        "deleted_at": None,
    }
    updated_at = as_of(row, order.created_at, order.changes, clock)
    return (
        order.id,
        f"D-{order.id}",
        buyer.account.id if buyer.account else None,
        buyer.email,
        row["phone"],
        buyer.address.id if buyer.address else None,
        order.channel,
        order.device,
        row["status"],
        order.currency,
        basket.coupon_code,
        basket.items_total,
        basket.discount,
        basket.discount_tax,
        basket.shipping,
        basket.shipping_tax,
        basket.tax,
        basket.total,
        int(order.is_test),
        utc_text(order.placed_at),
        utc_text(row["shipped_at"]),
        utc_text(row["delivered_at"]),
        utc_text(row["cancelled_at"]),
        utc_text(order.created_at),
        utc_text(updated_at),
        utc_text(row["deleted_at"]),
    )


def _refund_tables(orders: list[Order], clock: Clock) -> Rows:
    order_of = {refund: order for order in orders for refund in order.refunds}
    refunds = numbered(order_of, clock, 1, lambda refund: (refund.created_at, order_of[refund].id))
    rows: Rows = {"refunds": [], "refund_items": []}
    for refund in refunds:
        made = utc_text(refund.created_at)
        rows["refunds"].append((refund.id, order_of[refund].id, refund.reason, made, made, made))
        for part in refund.parts:
            line_id = part.line.id if part.line else None
            number = len(rows["refund_items"]) + 1
            rows["refund_items"].append(
                (number, refund.id, line_id, part.kind, part.quantity, part.cents, part.tax, made, made)
            )
    return rows


def _cart_tables(carts: list[Cart], clock: Clock) -> Rows:
    rows: Rows = {"carts": [], "cart_items": []}
    for cart in carts:
        is_converted = cart.order is not None and cart.order.created_at < clock.cutoff
        updated = utc_text(cart.order.created_at if is_converted else cart.created_at)
        buyer, created = cart.buyer, utc_text(cart.created_at)
        rows["carts"].append(
            (
                cart.id,
                buyer.account.id if buyer.account else None,
                buyer.email,
                buyer.phone,
                cart.basket.market.currency,
                cart.channel,
                cart.device,
                "converted" if is_converted else "open",
                cart.order.id if is_converted else None,
                created,
                updated,
            )
        )
        lines = [line for line in cart.basket.lines if line.is_goods]
        for line in [*lines, *([cart.removed] if cart.removed else [])]:
            is_removed = line is cart.removed and cart.removed_at < clock.cutoff
            removed = utc_text(cart.removed_at) if is_removed else None
            rows["cart_items"].append(
                (
                    len(rows["cart_items"]) + 1,
                    cart.id,
                    variant_id(line.variant.product, line.variant.number),
                    line.quantity,
                    line.unit_price,
                    line.tax_rate,
                    created,
                    removed or created,
                    removed,
                )
            )
    return rows


def variant_id(product: Product, number: int) -> int:
    """The shop's id of a variant."""
    return 10 * (product.index + 1) + number


def _product_tables(world: World) -> Rows:
    clock, rows = world.clock, {"products": [], "product_variants": []}
    leaf_ids = {row[2]: row[0] for row in _categories(clock)}
    sold, sold_at = _sales(world.orders)
    for product in world.assortment.products:
        launched_at = clock.midnight(product.launched * LAUNCH_EVERY_DAYS if product.launched >= 0 else -30)
        gone = product.discontinued is not None and product.discontinued * LAUNCH_EVERY_DAYS <= clock.last_day
        gone_at = clock.midnight(product.discontinued * LAUNCH_EVERY_DAYS) if gone else launched_at
        rows["products"].append(
            (
                product.index + 1,
                leaf_ids[product.leaf.path[2]] if product.leaf else None,
                product.brand,
                product.title,
                product.kind,
                int(not gone),
                utc_text(launched_at),
                utc_text(max(launched_at, gone_at)),
            )
        )
        rises = price_rises(clock.last_day)
        rise_day = FIRST_PRICE_RISE_DAY + (rises - 1) * PRICES_RISE_EVERY_DAYS
        risen_at = clock.midnight(rise_day) if rises else launched_at
        for variant in world.assortment.variants[product.index]:
            number = variant_id(product, variant.number)
            updated_at = max(launched_at, risen_at, sold_at.get(number, 0))
            rows["product_variants"].append(
                (
                    number,
                    product.index + 1,
                    variant.sku,
                    product.options[variant.number],
                    variant.price_cents(MAIN_CURRENCY, clock.last_day),
                    RESTOCKED_TO - sold.get(number, 0) % RESTOCKED_TO,
                    utc_text(launched_at),
                    utc_text(updated_at),
                )
            )
    return rows


def _sales(orders: list[Order]) -> tuple[dict[int, int], dict[int, int]]:
    """Pieces sold per variant, and when the stock last changed."""
    sold: dict[int, int] = {}
    sold_at: dict[int, int] = {}
    for order in orders:
        for line in order.basket.lines:
            number = variant_id(line.variant.product, line.variant.number)
            sold[number] = sold.get(number, 0) + line.quantity
            sold_at[number] = order.created_at
    return sold, sold_at
