"""Chance: named random streams, and choices by weight.

Every person, order and day has a stream of its own, so that none changes when another is added. Does not
belong here: what is drawn.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterable
from itertools import accumulate
from random import Random
from typing import Generic, TypeVar

Thing = TypeVar("Thing")


def stream(*name: object) -> Random:
    """An independent random stream, the same one for the same name on every machine."""
    return Random("/".join(str(part) for part in name))


class Weighted(Generic[Thing]):
    """Things of which one is picked, each as often as its weight says."""

    def __init__(self, weights: Iterable[tuple[Thing, float]]) -> None:
        pairs = list(weights)
        self.things = [thing for thing, _ in pairs]
        self._reached = list(accumulate(weight for _, weight in pairs))

    def pick(self, chance: Random) -> Thing:
        """One of the things."""
        place = bisect(self._reached, chance.random() * self._reached[-1])
        return self.things[min(place, len(self.things) - 1)]
