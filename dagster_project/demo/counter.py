"""Orders that belong to nobody of the simulation: walk-in sales at the till and the staff's test orders.

One stream a day, so that a day never changes another. Does not belong here: orders of people (orders.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from dagster_project.demo.accounts import Address, Buyer
from dagster_project.demo.assortment import LEAVES, Assortment
from dagster_project.demo.baskets import Basket, line_of, shipped
from dagster_project.demo.chance import stream
from dagster_project.demo.clock import DAY, Clock, Simulation
from dagster_project.demo.markets import STORE_MARKET
from dagster_project.demo.orders import Order

WALK_INS_PER_CUSTOMER = 0.00018  # a day
TESTS_PER_CUSTOMER = 0.00002  # a day
# What tills write where no address was given.
NO_EMAIL = (None, None, "", "null", "n/a")
# The till loses the currency of some of its uploads; the contract sets those orders aside.
LOST_CURRENCY_SHARE = 0.005


def walk_ins(simulation: Simulation, assortment: Assortment, clock: Clock, store: Address) -> Iterator[Order]:
    """Anonymous sales of the store, some uploaded late."""
    for day in range(clock.last_day + 1):
        chance = stream(simulation.seed, "walk-in", day)
        for number, moment in enumerate(_moments(day, simulation.customers * WALK_INS_PER_CUSTOMER, chance)):
            placed_at = clock.instant(moment)
            delay = int(chance.uniform(DAY, 3 * DAY)) if chance.random() < 0.3 else 60
            yield Order(
                key=f"walk-in-{day:05}-{number:03}",
                created_at=placed_at + delay,
                placed_at=placed_at,
                buyer=Buyer(None, chance.choice(NO_EMAIL), None, store),
                basket=_basket(assortment, day, chance),
                channel="pos",
                device=None,
                currency="" if chance.random() < LOST_CURRENCY_SHARE else STORE_MARKET.currency,
                status="delivered",
                delivered_at=placed_at,
            )


def staff_orders(simulation: Simulation, assortment: Assortment, clock: Clock, staff: Buyer) -> Iterator[Order]:
    """Orders with which the staff tries out the shop."""
    for day in range(clock.last_day + 1):
        chance = stream(simulation.seed, "test", day)
        for number, moment in enumerate(_moments(day, simulation.customers * TESTS_PER_CUSTOMER, chance)):
            placed_at = clock.instant(moment)
            yield Order(
                key=f"test-{day:05}-{number:03}",
                created_at=placed_at,
                placed_at=placed_at,
                buyer=staff,
                basket=shipped(_basket(assortment, day, chance)),
                channel="web",
                device="desktop",
                currency=STORE_MARKET.currency,
                is_test=True,
            )


def _moments(day: int, per_day: float, chance: Random) -> Iterator[float]:
    moment = chance.expovariate(per_day)
    while moment < 1:
        yield day + moment
        moment += chance.expovariate(per_day)


def _basket(assortment: Assortment, day: int, chance: Random) -> Basket:
    variants = {
        variant.product.index: variant
        for variant in (
            assortment.choose(chance.randrange(len(LEAVES)), 1, day, chance) for _ in range(chance.choice((1, 1, 2, 3)))
        )
    }
    return Basket(STORE_MARKET, [line_of(variant, 1, STORE_MARKET, day) for variant in variants.values()])
