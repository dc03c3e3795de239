"""The people: who joins when, what they like, and how the two systems come to know them.

Does not belong here: what they buy and when (purchases.py), and the rows in which the systems keep them
(accounts.py, contacts.py).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from random import Random

from dagster_project.demo.assortment import LEAVES, TIERS
from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.clock import Clock, Simulation
from dagster_project.demo.markets import FEMALE_NAMES, LAST_NAMES, MALE_NAMES, MARKETS, Market

# Orders per day while alive: gamma. Drop-out after each purchase, the first included: beta. This is MBG/NBD.
RATE_SHAPE = 1.1
RATE_DAYS = 42.0
DROPOUT_A = 0.9
DROPOUT_B = 3.0
# Basket values are gamma around a mean of one's own, which is inverse gamma over people (Gamma-Gamma).
BASKET_MEAN_CENTS = 7_000
BASKET_MEAN_SHAPE = 6.0

# What people do at all, and which records buyers leave.
KINDS = Weighted(
    [
        ("buyer", 0.87),
        ("registered", 0.04),  # an account and no order
        ("lead", 0.06),  # only known to the CRM
        ("canceller", 0.02),  # one order, cancelled or voided
        ("sampler", 0.01),  # one order, entirely free
    ]
)
HABITS = Weighted(
    [
        ("account", 0.62),
        ("guest", 0.14),  # never registers
        ("guest_then_account", 0.16),  # orders as a guest first, registers later under the same address
        ("same_email_twice", 0.03),  # a second account under the same address in other case
        (
            "linked_by_contact",
            0.03,
        ),  # a second account under another address; only the CRM contact links the two
        ("two_contacts", 0.02),  # one account, two CRM contacts
    ]
)
MARKET_CHOICE = Weighted((market, market.share) for market in MARKETS)
GENDERS = Weighted([("f", 46), ("m", 43), ("x", 1), (None, 10)])
TIER_CHOICE = Weighted(zip(range(len(TIERS)), (35, 45, 20), strict=True))
# This many people a period get their account at the till, all of them under the shop's placeholder address.
TILL_ACCOUNTS = 24
TILL_EMAIL = "noemail@shop.example"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who joins, with everything about them that never changes."""

    index: int
    kind: str
    habit: str
    joined: float  # days since the simulation's start
    rate: float  # orders per day while alive
    dropout: float  # chance of leaving for good after each purchase
    basket_cents: float
    favourite: int  # a leaf category
    tier: int
    deal_share: float
    return_share: float
    market: Market
    first_name: str
    last_name: str
    gender: str | None
    born_on: date | None
    email: str
    other_email: str
    phone_digits: str
    second_record_at: int  # the purchase with which they first use their second record
    moves_after: float | None  # days after joining


def people(simulation: Simulation, clock: Clock) -> Iterator[Person]:
    """Everybody who has joined by the clock's last day; they join at an even rate, and go on after `end`."""
    per_day = simulation.customers / ((simulation.end - simulation.start).days + 1)
    for index in count():
        chance = stream(simulation.seed, "person", index)
        joined = (index + chance.random()) / per_day
        if joined >= clock.last_day + 1:
            return
        yield _person(index, joined, chance, simulation)


def _person(index: int, joined: float, chance: Random, simulation: Simulation) -> Person:
    market = MARKET_CHOICE.pick(chance)
    kind = KINDS.pick(chance)
    habit = HABITS.pick(chance)
    if kind not in ("buyer", "lead"):
        habit = "account"
    if kind == "buyer" and index % max(1, simulation.customers // TILL_ACCOUNTS) == 0:
        habit, market = "till", MARKETS[0]
    gender = GENDERS.pick(chance)
    first_names = MALE_NAMES if gender == "m" else FEMALE_NAMES
    first_name = chance.choice(first_names[market.names])
    last_name = chance.choice(LAST_NAMES[market.names])
    plain_first, plain_last = plain(first_name), plain(last_name)
    born_on = date(1948, 1, 1) + timedelta(days=int(chance.triangular(0, 21_500, 13_500)))
    return Person(
        index=index,
        kind=kind,
        habit=habit,
        joined=joined,
        rate=chance.gammavariate(RATE_SHAPE, 1 / RATE_DAYS),
        dropout=chance.betavariate(DROPOUT_A, DROPOUT_B),
        basket_cents=BASKET_MEAN_CENTS * (BASKET_MEAN_SHAPE - 1) / chance.gammavariate(BASKET_MEAN_SHAPE, 1.0),
        favourite=chance.randrange(len(LEAVES)),
        tier=TIER_CHOICE.pick(chance),
        deal_share=chance.betavariate(0.7, 2.1),
        return_share=chance.betavariate(0.9, 8.0),
        market=market,
        first_name=first_name,
        last_name=last_name,
        gender=gender,
        born_on=born_on if chance.random() < 0.55 else None,
        email=f"{plain_first}.{plain_last}{index}@{chance.choice(MAIL_HOSTS)}",
        other_email=f"{plain_last}.{plain_first[0]}{index}@{chance.choice(MAIL_HOSTS)}",
        phone_digits=f"555{index:07}",
        second_record_at=1 + (chance.random() < 0.5),
        moves_after=chance.uniform(60, 500) if chance.random() < 0.03 else None,
    )


# Hosts that exist for examples only.
MAIL_HOSTS = ("example.com", "example.org", "example.net")


def plain(name: str) -> str:
    """A name as people write it in an e-mail address."""
    spelled = name.lower()
    for letter, letters in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        spelled = spelled.replace(letter, letters)
    return unicodedata.normalize("NFKD", spelled).encode("ascii", "ignore").decode()


EMAIL_SPELLINGS: Weighted[Callable[[str], str]] = Weighted(
    [(str, 82), (str.upper, 6), (str.capitalize, 7), ("{} ".format, 5)]
)
PHONE_SPELLINGS = Weighted([("+{} {} {}", 40), ("00{}{}{}", 8), ("0{1}/{2}", 12), (None, 40)])


def spelled_email(email: str, chance: Random) -> str:
    """An e-mail address as somebody types it: mostly right, else in capitals or with a space behind it."""
    return EMAIL_SPELLINGS.pick(chance)(email)


def spelled_phone(person: Person, chance: Random) -> str | None:
    """A phone number in one of the ways in which people write it, or none."""
    prefix, digits = person.market.phone_prefix, person.phone_digits
    spelling = PHONE_SPELLINGS.pick(chance)
    return spelling.format(prefix, digits[:3], digits[3:]) if spelling else None
