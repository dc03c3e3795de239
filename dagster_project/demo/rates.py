"""Daily exchange rates, as a central bank publishes them: on working days, none on the days between."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from dagster_project.demo.chance import stream
from dagster_project.demo.clock import HOUR, Clock
from dagster_project.demo.markets import CURRENCIES, MAIN_CURRENCY

PUBLISHED_FROM_DAY = -7
PUBLISHED_AT = 16 * HOUR
DAILY_CHANGE = 0.004
HOLIDAYS = {(1, 1), (5, 1), (12, 25), (12, 26)}


class Rate(NamedTuple):
    """What one unit of a currency is worth in the main currency."""

    created_at: int
    currency: str
    day: date
    rate: float


def rates(seed: int, clock: Clock) -> Iterator[Rate]:
    """Every rate published by the end of the clock's last day, in the order of their publication."""
    walks = {
        currency: (stream(seed, "rate", currency), first)
        for currency, (_, first, _) in CURRENCIES.items()
        if currency != MAIN_CURRENCY
    }
    for number in range(PUBLISHED_FROM_DAY, clock.last_day + 1):
        day = clock.date_of(number)
        if day.weekday() >= 5 or (day.month, day.day) in HOLIDAYS:
            continue
        for currency, (chance, last) in walks.items():
            # Drawn back towards the first rate, so that a long simulation stays plausible.
            first = CURRENCIES[currency][1]
            rate = last * (1 + chance.gauss(0, DAILY_CHANGE)) + 0.01 * (first - last)
            walks[currency] = (chance, rate)
            yield Rate(clock.midnight(number) + PUBLISHED_AT, currency, day, round(rate, 6))
