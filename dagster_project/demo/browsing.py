"""Visits to the web shop: what people look at and search for before they buy, and when they do not.

A visitor is a browser or app; who sits before it is known only where they are logged in or came by a link in a
message. Does not belong here: carts and orders (orders.py), and the rows of the shop's table (behaviour_rows.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from dagster_project.demo.accounts import Account, Buyer, Records
from dagster_project.demo.assortment import LEAVES, Assortment, Product
from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.clock import HOUR, Clock
from dagster_project.demo.orders import Cart, Order
from dagster_project.demo.purchases import Life

LOGGED_IN_SHARE = 0.55
BY_LINK_SHARE = 0.2
SEARCH_SHARE = 0.35
LEAD_VISITS_SHARE = 0.5
# How many visits without a purchase follow each purchase, and after how many days on average.
IDLE_VISITS = (0, 1, 1, 2)
IDLE_VISIT_DAYS = 25.0
SOURCES = Weighted([("direct", 0.3), ("search", 0.35), ("newsletter", 0.2), ("social", 0.15)])
DEVICES = Weighted([("desktop", 0.5), ("mobile", 0.5)])


@dataclass(slots=True, eq=False)
class PageEvent:
    """Something that a visitor did."""

    key: str
    created_at: int
    visitor: str
    account: Account | None
    email: str | None
    kind: str  # visit, search or product
    query: str | None
    product: Product | None
    source: str
    device: str
    id: int = 0


def page_events(
    seed: int,
    records: Records,
    life: Life,
    orders: Sequence[Order],
    carts: Sequence[Cart],
    shop: Assortment,
    clock: Clock,
) -> list[PageEvent]:
    """All visits of a person: before each of their orders and carts, and idle ones."""
    person = life.person
    visitors = stream(seed, "visitor", person.index)
    tokens = {device: f"{visitors.getrandbits(64):016x}" for device in ("desktop", "mobile")}
    events: list[PageEvent] = []
    for bought in [*(order for order in orders if order.channel != "pos"), *(cart for cart in carts if not cart.order)]:
        chance = stream(seed, "visit", bought.key)
        products = [line.variant.product for line in bought.basket.lines if line.is_goods]
        day = int(_day_of(bought.created_at, clock))
        begun = max(clock.midnight(day), bought.created_at - chance.randrange(300, 2 * HOUR))
        viewed = [one for product in products for one in [product] * chance.choice((1, 1, 2))]
        viewed += _others(life, shop, day, chance, chance.choice((0, 1, 2)))
        events += _visit(bought.key, begun, bought.created_at, bought.buyer, tokens, viewed, chance)
    for number, moment in enumerate(_idle_moments(seed, life)):
        if moment >= clock.last_day + 1:
            continue
        key = f"{person.index:08}-v{number:05}"
        chance = stream(seed, "visit", key)
        begun_purchases = max(0, sum(1 for purchase in life.purchases if purchase <= moment) - 1)
        buyer = Buyer(None, person.email, None, None)
        if person.kind != "lead":
            buyer = records.buyer(begun_purchases, moment, chance)
        viewed = _others(life, shop, int(moment // 1), chance, chance.choice((1, 2, 2, 3, 4)))
        begun = clock.instant(moment)
        events += _visit(key, begun, begun + 2 * HOUR, buyer, tokens, viewed, chance)
    return events


def _day_of(instant: int, clock: Clock) -> int:
    """The business day of an instant."""
    day = (instant - clock.midnight(0)) // 86_400
    while clock.midnight(day + 1) <= instant:
        day += 1
    while clock.midnight(day) > instant:
        day -= 1
    return day


def _idle_moments(seed: int, life: Life) -> Iterator[float]:
    """When somebody drops in without buying: some time after each purchase, or after they joined."""
    chance = stream(seed, "idle", life.person.index)
    if life.person.kind == "lead" and chance.random() >= LEAD_VISITS_SHARE:
        return
    for moment in life.purchases or [life.person.joined]:
        for _ in range(chance.choice(IDLE_VISITS)):
            yield moment + 0.01 + chance.expovariate(1 / IDLE_VISIT_DAYS)


def _others(life: Life, shop: Assortment, day: int, chance: Random, count: int) -> list[Product]:
    """Products that the person looks at out of interest."""
    person = life.person
    return [shop.choose(person.favourite, person.tier, day, chance).product for _ in range(count)]


def _visit(
    key: str,
    begun: int,
    ends_by: int,
    buyer: Buyer,
    tokens: dict[str, str],
    viewed: list[Product],
    chance: Random,
) -> Iterator[PageEvent]:
    """One visit: the arrival, perhaps a search for the kind of the first product, and the products viewed."""
    device, source = DEVICES.pick(chance), SOURCES.pick(chance)
    account = buyer.account if chance.random() < LOGGED_IN_SHARE else None
    email = buyer.email if chance.random() < BY_LINK_SHARE and not account else None
    steps: list[tuple[str, str | None, Product | None]] = [("visit", None, None)]
    if viewed and chance.random() < SEARCH_SHARE and viewed[0].leaf:
        steps.append(("search", LEAVES[viewed[0].leaf.index].path[2].lower(), None))
    steps += [("product", None, product) for product in viewed]
    pause = max(1, min(240, (ends_by - begun) // (len(steps) + 1)))
    for number, (kind, query, product) in enumerate(steps):
        at = begun + number * pause
        known = account if account and account.created_at <= at else None
        yield PageEvent(f"{key}-{number:03}", at, tokens[device], known, email, kind, query, product, source, device)
