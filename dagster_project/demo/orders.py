"""Orders and carts: the records that purchases leave, and the orders besides that a real shop's table
holds.

An order that is not a purchase of the process (purchases.py) never counts as a further occasion: a
cancelled, voided or doubly submitted one stands beside the purchase of the same day. Does not belong here:
payment, delivery and refunds (fulfilment.py), what is in a basket (baskets.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from dagster_project.demo.accounts import Buyer, Records, before
from dagster_project.demo.assortment import Assortment
from dagster_project.demo.baskets import (
    Basket,
    Line,
    discounted,
    fill,
    line_of,
    shipped,
    with_coupon,
    with_extras,
)
from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.population import Person

STORE_SHARE = 0.16
LATE_UPLOAD_SHARE = 0.5
REMOVED_FROM_CART_SHARE = 0.08
CART_OWNER_KNOWN_SHARE = 0.75
# Orders that stand beside a purchase: cancelled, not paid, or sent twice.
BESIDE = Weighted([("", 0.957), ("cancelled", 0.032), ("voided", 0.006), ("double", 0.005)])
CHANNELS = Weighted([("web", 0.72), ("app", 0.28)])
DEVICES = Weighted([("desktop", 0.52), ("mobile", 0.42), ("tablet", 0.06)])
CORRECTED_SHARE = 0.006
CANCELLED_WITHOUT_TIME_SHARE = 0.15


@dataclass(slots=True, eq=False)
class Order:
    """An order as first recorded; `changes` are (instant, columns) that later versions of the row bear."""

    key: str
    created_at: int
    placed_at: int
    buyer: Buyer
    basket: Basket
    channel: str
    device: str | None
    currency: str
    status: str = "new"
    is_test: bool = False
    delivered_at: int | None = None
    changes: list[tuple[int, dict]] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    refunds: list[Refund] = field(default_factory=list)
    person: Person | None = None
    id: int = 0


@dataclass(slots=True, eq=False)
class Payment:
    """A payment of an order, taken when it is captured."""

    method: str
    cents: int
    created_at: int
    captured_at: int | None
    id: int = 0


@dataclass(slots=True, eq=False)
class RefundPart:
    """What of an order is paid back: pieces of a line, goods in general, or shipping; including tax."""

    kind: str  # item, goodwill or shipping
    line: Line | None
    quantity: int | None
    cents: int
    tax: int
    id: int = 0


@dataclass(slots=True, eq=False)
class Refund:
    """A repayment, recorded when it is made."""

    created_at: int
    reason: str
    parts: list[RefundPart]
    id: int = 0


@dataclass(slots=True, eq=False)
class Cart:
    """A cart, abandoned or turned into an order."""

    key: str
    created_at: int
    buyer: Buyer
    basket: Basket
    channel: str
    device: str | None
    order: Order | None = None
    removed: Line | None = None
    removed_at: int | None = None
    id: int = 0


def purchase(
    seed: int, records: Records, number: int, begun: int, moment: float, assortment: Assortment, clock: Clock
) -> tuple[list[Order], Cart | None, Random]:
    """The orders and the cart that a purchase leaves, the purchase's own order first, and its stream.

    `number` names the purchase among the person's, `begun` is how many of the process were begun before it.
    """
    person = records.person
    chance = stream(seed, "order", person.index, number)
    buyer = records.buyer(begun, moment, chance)
    day, placed_at = int(moment // 1), clock.instant(moment)
    key = f"{person.index:08}-{number:05}"

    at_the_till = person.habit == "till" or (chance.random() < STORE_SHARE and buyer.account is not None)
    basket = fill(person, person.market, assortment, day, chance)
    basket = discounted(with_extras(basket, assortment, day, chance), person.deal_share, chance)
    if at_the_till and person.market.currency == "EUR":
        return [_till_order(key, placed_at, buyer, basket, person, chance)], None, chance

    order = _web_order(key, placed_at, buyer, shipped(basket), person, chance)
    cart = _cart_of(order, moment, clock, person, assortment, chance)
    return [order, *_beside(order, chance)], cart, chance


def abandoned_cart(
    seed: int,
    records: Records,
    number: int,
    purchases: list[float],
    moment: float,
    assortment: Assortment,
    clock: Clock,
) -> Cart:
    """A cart that never becomes an order; a guest's owner is known only where they typed their address."""
    person = records.person
    chance = stream(seed, "cart", person.index, number)
    begun = max(0, sum(1 for earlier in purchases if earlier <= moment) - 1)
    buyer = records.buyer(begun, moment, chance)
    if not buyer.account and chance.random() >= CART_OWNER_KNOWN_SHARE:
        buyer = Buyer(None, None, None, None)
    channel = CHANNELS.pick(chance)
    return Cart(
        key=f"{person.index:08}-a{number:05}",
        created_at=clock.instant(moment),
        buyer=buyer,
        basket=fill(person, person.market, assortment, int(moment // 1), chance),
        channel=channel,
        device=_device(channel, chance),
    )


def lone_order(seed: int, records: Records, assortment: Assortment, clock: Clock) -> tuple[Order, Random]:
    """The one order of somebody who never buys: cancelled, voided or entirely free."""
    person = records.person
    chance = stream(seed, "order", person.index, 0)
    buyer = records.buyer(0, person.joined, chance)
    day, placed_at = int(person.joined // 1), clock.instant(person.joined)
    basket = fill(person, person.market, assortment, day, chance)
    basket = with_coupon(basket, "PRESSKIT", basket.items_total) if person.kind == "sampler" else shipped(basket)
    order = _web_order(f"{person.index:08}-00000", placed_at, buyer, basket, person, chance)
    if person.kind == "canceller":
        order.changes = _ending("voided" if chance.random() < 0.2 else "cancelled", order, chance)
    return order, chance


def _web_order(key: str, placed_at: int, buyer: Buyer, basket: Basket, person: Person, chance: Random) -> Order:
    channel = CHANNELS.pick(chance)
    return Order(
        key=key,
        created_at=placed_at,
        placed_at=placed_at,
        buyer=buyer,
        basket=basket,
        channel=channel,
        device=_device(channel, chance),
        currency=basket.market.currency,
        person=person,
    )


def _till_order(key: str, placed_at: int, buyer: Buyer, basket: Basket, person: Person, chance: Random) -> Order:
    """An order of the store: handed over at once, and half of them uploaded one to three days later."""
    is_late = chance.random() < LATE_UPLOAD_SHARE
    delay = int(chance.uniform(DAY, 3 * DAY)) if is_late else 60
    return Order(
        key=key,
        created_at=placed_at + delay,
        placed_at=placed_at,
        buyer=buyer,
        basket=basket,
        channel="pos",
        device=None,
        currency=basket.market.currency,
        status="delivered",
        delivered_at=placed_at,
        person=person,
    )


def _beside(order: Order, chance: Random) -> Iterator[Order]:
    """The cancelled, voided or doubly submitted order that some purchases leave besides their own."""
    ending = BESIDE.pick(chance)
    if not ending:
        return
    delay = 7 if ending == "double" else chance.randrange(60, 1_500)
    basket = order.basket
    other = Order(
        key=f"{order.key}-b",
        created_at=order.created_at + delay,
        placed_at=order.placed_at + delay,
        buyer=order.buyer,
        basket=Basket(
            basket.market,
            [
                Line(line.variant, line.quantity, line.unit_price, line.tax_rate, line.sale, line.coupon)
                for line in basket.lines
            ],
            basket.coupon_code,
            basket.coupon,
            basket.shipping,
        ),
        channel=order.channel,
        device=order.device,
        currency=order.currency,
        person=order.person,
    )
    other.changes = _ending(ending, other, chance)
    yield other


def _ending(ending: str, order: Order, chance: Random) -> list[tuple[int, dict]]:
    """How an order that comes to nothing ends."""
    if ending == "double":
        deleted_at = order.created_at + chance.randrange(10 * HOUR, 30 * HOUR)
        return [(deleted_at, {"deleted_at": deleted_at})]
    if ending == "voided":
        return [(order.created_at + chance.randrange(900, 3_600), {"status": "payment_failed"})]
    cancelled_at = order.created_at + chance.choice((600, HOUR, 9 * HOUR, 26 * HOUR, 45 * HOUR))
    if chance.random() < CANCELLED_WITHOUT_TIME_SHARE:
        return [(cancelled_at, {"status": "cancelled"})]
    return [(cancelled_at, {"status": "cancelled", "cancelled_at": cancelled_at})]


def _cart_of(order: Order, moment: float, clock: Clock, person: Person, assortment: Assortment, chance: Random) -> Cart:
    """The cart that became an order, now and then with a product that was taken out again."""
    created_at = before(moment, chance.randrange(60, 900), clock)
    removed = None
    if chance.random() < REMOVED_FROM_CART_SHARE:
        day = int(moment // 1)
        variant = assortment.choose(person.favourite, person.tier, day, chance)
        if all(line.variant.product is not variant.product for line in order.basket.lines):
            removed = line_of(variant, 1, person.market, day)
    return Cart(
        key=order.key,
        created_at=created_at,
        buyer=order.buyer,
        basket=order.basket,
        channel=order.channel,
        device=order.device,
        order=order,
        removed=removed,
        removed_at=(created_at + order.placed_at) // 2 if removed else None,
    )


def _device(channel: str, chance: Random) -> str:
    return "mobile" if channel == "app" else DEVICES.pick(chance)
