"""What the CRM sends: newsletters and a welcome, and what becomes of each message at each contact.

Does not belong here: who consented (contacts.py), and the shape of HubSpot's objects (crm.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from dagster_project.demo.chance import stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.contacts import Consent, Contact

FIRST_NEWSLETTER_DAY = 8
NEWSLETTER_EVERY_DAYS = 21
SENT_AT = 9 * HOUR
RUNS_FOR = 7 * DAY

BAD_ADDRESS_SHARE = 0.015
MACHINE_OPENS_SHARE = 0.35  # mailboxes that open everything by themselves
CLICK_SHARE = 0.2
UNSUBSCRIBE_SHARE = 0.02  # of those who open
COMPLAINT_SHARE = 0.0015
# The CRM reports some messages as put off, an event that the contract does not know and sets aside.
DEFERRED_SHARE = 0.002
# After one of these nothing more is sent.
ENDS_MAILING = ("BOUNCE", "SPAMREPORT", "STATUSCHANGE")


@dataclass(frozen=True, slots=True)
class Campaign:
    """Something that is sent: once to everybody subscribed, or (the welcome) to each when they subscribe."""

    number: int
    name: str
    created_at: int
    started_at: int
    ended_at: int | None


class Message(NamedTuple):
    """An event of a message at a contact; its order is the order of its ids."""

    at: int
    contact_key: str
    number: int
    contact: Contact
    campaign: Campaign
    event: str
    is_machine: bool


def campaigns(clock: Clock) -> list[Campaign]:
    """The welcome first, then every newsletter planned by the end of the clock's last day."""
    opened_at = clock.midnight(0)
    planned = [Campaign(0, "Welcome", opened_at, opened_at, None)]
    for number, day in enumerate(range(FIRST_NEWSLETTER_DAY, clock.last_day + 3, NEWSLETTER_EVERY_DAYS), start=1):
        started_at = clock.midnight(day) + SENT_AT
        name = f"Newsletter {clock.date_of(day)}"
        planned.append(Campaign(number, name, started_at - 2 * DAY, started_at, started_at + RUNS_FOR))
    return [campaign for campaign in planned if campaign.created_at < clock.cutoff]


def messages(seed: int, contact: Contact, planned: list[Campaign], clock: Clock) -> tuple[list[Message], list[Consent]]:
    """All events at a contact in the order of their causes, and the consents withdrawn through them."""
    if contact.subscribed_at is None:
        return [], []
    chance = stream(seed, "messages", contact.key)
    interest = chance.betavariate(1.0, 2.8)
    is_bad, is_machine = chance.random() < BAD_ADDRESS_SHARE, chance.random() < MACHINE_OPENS_SHARE
    ends_at = contact.withdrawn_at or clock.cutoff
    events: list[Message] = []
    consents: list[Consent] = []
    for campaign in planned:
        sent_at = campaign.started_at if campaign.number else contact.subscribed_at
        sent_at += chance.randrange(1, 1_800)
        if sent_at <= contact.subscribed_at or sent_at >= ends_at:
            continue
        for at, event, by_machine in _course(sent_at, interest, is_bad, is_machine, chance):
            events.append(Message(at, contact.key, len(events), contact, campaign, event, by_machine))
            if event in ENDS_MAILING:
                ends_at = min(ends_at, at)
            if event == "STATUSCHANGE":
                consents.append(Consent(contact, at, "email", "UNSUBSCRIBED"))
    return events, consents


def _course(
    sent_at: int, interest: float, is_bad: bool, is_machine: bool, chance: Random
) -> Iterator[tuple[int, str, bool]]:
    """What happens to one message: (instant, event, whether a machine did it)."""
    yield sent_at, "SENT", False
    if is_bad:
        yield sent_at + 20, "BOUNCE", False
        return
    delivered_at = sent_at + chance.randrange(2, 90)
    if chance.random() < DEFERRED_SHARE:
        yield delivered_at, "DEFERRED", False
        delivered_at += HOUR
    yield delivered_at, "DELIVERED", False
    if is_machine:
        yield delivered_at + chance.randrange(3, 200), "OPEN", True
    if chance.random() >= interest:
        return
    opened_at = delivered_at + int(chance.expovariate(1 / (7 * HOUR))) + 30
    yield opened_at, "OPEN", False
    if chance.random() < CLICK_SHARE:
        yield opened_at + chance.randrange(4, 300), "CLICK", False
    leaves = chance.random()
    if leaves < UNSUBSCRIBE_SHARE:
        yield opened_at + 300, "STATUSCHANGE", False
    elif leaves < UNSUBSCRIBE_SHARE + COMPLAINT_SHARE:
        yield opened_at + 300, "SPAMREPORT", False
