"""What people think of the shop, and what comes of it: favourites, reviews and referrals.

How satisfied somebody is never changes and shows in all of them. Does not belong here: surveys and customer care, which
are the CRM's (care.py), and the rows of the shop's tables (behaviour_rows.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random

from dagster_project.demo.accounts import Account
from dagster_project.demo.assortment import Product
from dagster_project.demo.browsing import PageEvent
from dagster_project.demo.chance import stream
from dagster_project.demo.clock import DAY, Clock
from dagster_project.demo.orders import Order
from dagster_project.demo.population import Person
from dagster_project.demo.purchases import Life

FAVOURITE_SHARE = 0.1  # of products viewed while logged in
FAVOURITE_REMOVED_SHARE = 0.25
REVIEW_SHARE = 0.14  # of delivered orders
WORDS_SHARE = 0.6
REFERS_FROM = 0.85  # how satisfied somebody is who recommends the shop
REFERS_SHARE = 0.5
INVITED_WITHIN = 60  # the person invited is one of so many who join next


@dataclass(slots=True, eq=False)
class Favourite:
    """A product on somebody's list."""

    key: str
    created_at: int
    account: Account
    product: Product
    removed_at: int | None
    id: int = 0


@dataclass(slots=True, eq=False)
class Review:
    """Stars, and maybe words, about a product of an order."""

    key: str
    created_at: int
    order: Order
    product: Product
    stars: int
    words: str | None
    id: int = 0


@dataclass(slots=True, eq=False)
class Referral:
    """Somebody who came because another one sent them."""

    key: str
    created_at: int
    referrer: Account
    invitee: Account
    order: Order | None
    id: int = 0


def satisfaction(seed: int, person: Person) -> float:
    """How satisfied somebody is: 0 not at all, 1 entirely."""
    return stream(seed, "satisfaction", person.index).betavariate(4.0, 1.6)


def mark(satisfied: float, lowest: int, highest: int, chance: Random) -> int:
    """What somebody that satisfied answers on a scale."""
    answer = min(1.0, max(0.0, satisfied + chance.gauss(0, 0.12)))
    return lowest + round((highest - lowest) * answer)


def favourites(seed: int, person: Person, events: Sequence[PageEvent]) -> list[Favourite]:
    """Products that somebody marked while logged in, each once an account."""
    chance = stream(seed, "favourites", person.index)
    found: dict[tuple[str, int], Favourite] = {}
    for event in sorted(events, key=lambda event: (event.created_at, event.key)):
        if event.kind != "product" or not event.account:
            continue
        is_marked, is_removed, days = chance.random() < FAVOURITE_SHARE, chance.random(), chance.uniform(5, 250)
        place = (event.account.key, event.product.index)
        if is_marked and place not in found:
            at = event.created_at + 20
            removed_at = at + int(days * DAY) if is_removed < FAVOURITE_REMOVED_SHARE else None
            found[place] = Favourite(f"{event.account.key}-{event.key}", at, event.account, event.product, removed_at)
    return list(found.values())


def reviews(seed: int, person: Person, orders: Sequence[Order]) -> Iterator[Review]:
    """Reviews of some orders, days after their delivery."""
    satisfied = satisfaction(seed, person)
    for order in orders:
        chance = stream(seed, "review", order.key)
        delivered_at = order.delivered_at or next((at for at, row in order.changes if "delivered_at" in row), None)
        goods = [line.variant.product for line in order.basket.lines if line.is_goods]
        if delivered_at is None or not goods or chance.random() >= REVIEW_SHARE:
            continue
        stars = mark(satisfied, 1, 5, chance)
        words = f"{'Gern wieder' if stars > 3 else 'Na ja'},\n{stars}/5" if chance.random() < WORDS_SHARE else None
        at = max(delivered_at, order.created_at) + int(chance.uniform(1, 20) * DAY)
        yield Review(f"{order.key}-r", at, order, chance.choice(goods), stars, words)


def referrals(
    seed: int, lives: Sequence[Life], accounts: Mapping[int, Account], orders: Mapping[str, Order], clock: Clock
) -> Iterator[Referral]:
    """Some satisfied customers each brought one of those who joined after them.

    `accounts` are first accounts by person, `orders` are by key. Who has no account invites nobody and is not invited.
    """
    for life in lives:
        person = life.person
        chance = stream(seed, "referral", person.index)
        is_asked, ahead = chance.random() < REFERS_SHARE, chance.randrange(1, INVITED_WITHIN)
        if not is_asked or satisfaction(seed, person) < REFERS_FROM or person.index + ahead >= len(lives):
            continue
        referrer, invited = accounts.get(person.index), lives[person.index + ahead].person
        invitee = accounts.get(invited.index)
        if not referrer or not invitee or invitee.created_at <= referrer.created_at:
            continue
        order = orders.get(f"{invited.index:08}-00000")
        yield Referral(f"{person.index:08}", invitee.created_at + 5, referrer, invitee, order)
