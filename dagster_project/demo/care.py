"""What contacts tell the CRM: answers to surveys, what they say of themselves, requests to customer care.

Does not belong here: contacts and consents (contacts.py), and the shape of HubSpot's objects (crm.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dagster_project.demo.assortment import LEAVES
from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.contacts import Contact
from dagster_project.demo.opinions import mark, satisfaction
from dagster_project.demo.purchases import Life

NPS_SHARE = 0.18  # of purchases
TICKET_SHARE = 0.06  # of purchases
RATED_SHARE = 0.5  # of closed tickets
DECLARES_SHARE = 0.35
# Said although nobody asked: what the warehouse refuses to keep.
REFUSED_SHARE = 0.004
ERASURE_SHARE = 0.003
VALUES = Weighted([("sustainability", 4), ("quality", 3), ("price", 2), ("local", 1)])
LIFESTYLES = Weighted([("cook", 3), ("host", 2), ("outdoors", 2), ("minimalist", 1)])
NEEDS = Weighted([("gifts", 3), ("everyday", 4), ("first home", 1)])


@dataclass(slots=True, eq=False)
class Survey:
    """An answer: nps from 0 to 10, csat from 1 to 5."""

    key: str
    created_at: int
    contact: Contact
    kind: str
    score: int
    id: int = 0


@dataclass(slots=True, eq=False)
class Trait:
    """Something that a contact said of themselves."""

    key: str
    created_at: int
    contact: Contact
    name: str
    value: str
    id: int = 0


@dataclass(slots=True, eq=False)
class Ticket:
    """A request to customer care."""

    key: str
    created_at: int
    contact: Contact
    closed_at: int
    satisfaction: int | None
    id: int = 0


@dataclass(slots=True, eq=False)
class ErasureRequest:
    """A wish to be erased, by e-mail."""

    key: str
    created_at: int
    contact: Contact
    id: int = 0


@dataclass(frozen=True, slots=True)
class Care:
    """All of it, of one contact."""

    surveys: list[Survey]
    traits: list[Trait]
    tickets: list[Ticket]
    erasures: list[ErasureRequest]


def care(seed: int, contact: Contact, life: Life, clock: Clock) -> Care:
    """What a contact tells, in the order in which it is told."""
    tickets = list(_tickets(seed, contact, life, clock))
    surveys = [*_recommendations(seed, contact, life, clock), *_ratings(tickets)]
    return Care(surveys, list(_traits(seed, contact, life)), tickets, list(_erasures(seed, contact)))


def _recommendations(seed: int, contact: Contact, life: Life, clock: Clock) -> Iterator[Survey]:
    chance = stream(seed, "nps", contact.key)
    satisfied = satisfaction(seed, life.person)
    for number, moment in enumerate(life.purchases):
        answers, days = chance.random() < NPS_SHARE, chance.uniform(14, 30)
        score = mark(satisfied, 0, 10, chance)
        at = clock.instant(moment) + int(days * DAY)
        if answers and at > contact.created_at:
            yield Survey(f"{contact.key}-n{number:05}", at, contact, "nps", score)


def _tickets(seed: int, contact: Contact, life: Life, clock: Clock) -> Iterator[Ticket]:
    chance = stream(seed, "tickets", contact.key)
    satisfied = satisfaction(seed, life.person)
    for number, moment in enumerate(life.purchases):
        asks, days = chance.random() < TICKET_SHARE, chance.uniform(2, 12)
        hours, is_rated, stars = (
            chance.expovariate(1 / 60),
            chance.random() < RATED_SHARE,
            mark(satisfied, 1, 5, chance),
        )
        at = clock.instant(moment) + int(days * DAY)
        if asks and at > contact.created_at:
            closed_at = at + HOUR + int(hours * HOUR)
            yield Ticket(f"{contact.key}-t{number:05}", at, contact, closed_at, stars if is_rated else None)


def _ratings(tickets: list[Ticket]) -> Iterator[Survey]:
    for ticket in tickets:
        if ticket.satisfaction is not None:
            yield Survey(f"{ticket.key}-c", ticket.closed_at + HOUR, ticket.contact, "csat", ticket.satisfaction)


def _traits(seed: int, contact: Contact, life: Life) -> Iterator[Trait]:
    chance = stream(seed, "traits", contact.key)
    is_willing, is_too_open = chance.random() < DECLARES_SHARE, chance.random() < REFUSED_SHARE
    at = contact.created_at + chance.randrange(2 * HOUR, 30 * DAY)
    said = [
        ("interest", LEAVES[life.person.favourite].path[0]),
        ("value", VALUES.pick(chance)),
        ("lifestyle", LIFESTYLES.pick(chance)),
        ("need", NEEDS.pick(chance)),
    ]
    if is_willing:
        for name, value in said[: chance.randint(1, len(said))]:
            yield Trait(f"{contact.key}-{name}", at, contact, name, value)
    if is_too_open:
        name = chance.choice(("religion", "health"))
        yield Trait(f"{contact.key}-{name}", at, contact, name, "told in confidence")


def _erasures(seed: int, contact: Contact) -> Iterator[ErasureRequest]:
    chance = stream(seed, "erasure", contact.key)
    asks, days = chance.random() < ERASURE_SHARE, chance.uniform(40, 400)
    if asks:
        yield ErasureRequest(f"{contact.key}-e", contact.created_at + int(days * DAY), contact)
