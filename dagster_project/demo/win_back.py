"""A planted experiment: the CRM writes to half of the lapsed contacts, and some of them order once more because of it.

The entry win_back of the demo in builtin.yml describes it as a shop would. Does not belong here: the process by which
people buy of themselves (purchases.py), and what is sent to everybody (messages.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from dagster_project.demo.chance import stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.contacts import Consent, Contact
from dagster_project.demo.messages import ENDS_MAILING, SENT_AT, Campaign, Message
from dagster_project.demo.purchases import Life
from dagster_project.experiments.draw import draw

NAME = "win_back"
STARTS_ON = date(2026, 3, 2)
CONTROL_SHARE = 0.5
LAPSED_DAYS = 90
# Of those who are written to and have not left for good, this many order once more, within so many days.
ORDER_SHARE = 0.5
ORDER_DAYS = 12
# Beyond every newsletter's number and every number of a purchase.
CAMPAIGN_NUMBER = 9_000
PURCHASE_NUMBER = 99_999


@dataclass(frozen=True, slots=True)
class WinBack:
    """What the experiment is to a contact on its list: the arm, the messages, and the moment of the order it causes."""

    arm: str
    messages: list[Message]
    order_at: float | None


def win_back_campaign(clock: Clock) -> list[Campaign]:
    """The campaign, once it is planned."""
    started_at = clock.midnight(_day(clock)) + SENT_AT
    campaign = Campaign(CAMPAIGN_NUMBER, "Win-back", started_at - 2 * DAY, started_at, started_at + ORDER_DAYS * DAY)
    return [campaign] if _day(clock) >= 0 and campaign.created_at < clock.cutoff else []


def win_back(
    seed: int, contact: Contact, life: Life, sent: Sequence[Message], consents: Sequence[Consent], clock: Clock
) -> WinBack | None:
    """What becomes of a contact; None for one that never bought, bought lately, or is not subscribed."""
    day = _day(clock)
    bought = [moment for moment in life.purchases if moment < day]
    if not 0 <= day <= clock.last_day or not bought or day - 1 - int(bought[-1] // 1) < LAPSED_DAYS:
        return None
    (campaign,) = win_back_campaign(clock)
    chance = stream(seed, NAME, contact.key)
    sent_at = campaign.started_at + chance.randrange(1, 1_800)
    if not _is_mailable(contact, sent, consents, sent_at):
        return None
    # The draw of the warehouse, from the address as it normalises it.
    if draw(NAME, contact.email.strip().lower()) < CONTROL_SHARE:
        return WinBack("control", [], None)
    has_left = life.dropped_out and life.purchases[-1] < day
    order_at = day + chance.uniform(0.6, ORDER_DAYS) if chance.random() < ORDER_SHARE and not has_left else None
    steps = [(sent_at, "SENT"), (sent_at + 60, "DELIVERED")]
    if order_at is not None:
        steps += [(sent_at + HOUR, "OPEN"), (sent_at + HOUR + 60, "CLICK")]
    number = len(sent)
    messages = [
        Message(at, contact.key, number + place, contact, campaign, event, False)
        for place, (at, event) in enumerate(steps)
    ]
    return WinBack("treatment", messages, order_at if order_at and order_at < clock.last_day + 1 else None)


def _day(clock: Clock) -> int:
    return (STARTS_ON - clock.start).days


def _is_mailable(contact: Contact, sent: Sequence[Message], consents: Sequence[Consent], at: int) -> bool:
    ends = [message.at for message in sent if message.event in ENDS_MAILING]
    ends += [consent.at for consent in consents if (consent.channel, consent.status) == ("email", "UNSUBSCRIBED")]
    return contact.subscribed_at is not None and contact.subscribed_at < at < min(ends, default=at + 1)
