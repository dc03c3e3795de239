"""When people buy and when they leave for good: the process that the prediction model assumes.

Waiting times are exponential at the person's own rate; after every purchase, the first included, the person
drops out with their own chance (MBG/NBD). Does not belong here: what is bought, and anything else that
happens to an order.
"""

from __future__ import annotations

from dataclasses import dataclass

from dagster_project.demo.chance import stream
from dagster_project.demo.clock import Clock
from dagster_project.demo.population import Person

ABANDONED_PER_WAIT = 0.35
ABANDONED_AFTER_LEAVING = 0.15


@dataclass(frozen=True, slots=True)
class Life:
    """What a person has done by the clock's last day, in days since the simulation's start."""

    person: Person
    purchases: list[float]
    abandoned_carts: list[float]
    dropped_out: bool


def live(seed: int, person: Person, clock: Clock) -> Life:
    """A person's life up to the end of the clock's last day. A later clock only ever adds to it."""
    chance = stream(seed, "life", person.index)
    end = clock.last_day + 1
    if person.kind != "buyer":
        carts = [person.joined + chance.expovariate(1 / 20) for _ in range(chance.choice((0, 1, 2)))]
        carts = [] if person.kind == "lead" else carts
        return Life(person, [], [cart for cart in sorted(carts) if cart < end], False)

    moment, purchases, carts = person.joined, [person.joined], []
    while chance.random() >= person.dropout:
        wait = chance.expovariate(person.rate)
        if chance.random() < ABANDONED_PER_WAIT:
            carts.append(moment + wait * chance.uniform(0.1, 1.0))
        moment += wait
        if moment >= end:
            return Life(person, purchases, [cart for cart in carts if cart < end], False)
        purchases.append(moment)
    if chance.random() < ABANDONED_AFTER_LEAVING:
        carts.append(moment + chance.uniform(5, 60))
    return Life(person, purchases, [cart for cart in carts if cart < end], True)
