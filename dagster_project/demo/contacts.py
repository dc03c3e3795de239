"""The CRM's records of people: contacts, linked to the shop by id or only by e-mail, and their consents.

Does not belong here: what is sent to them (messages.py), and the shape of HubSpot's objects (crm.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from dagster_project.demo.accounts import Account, Records
from dagster_project.demo.chance import Weighted, stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.population import Person, spelled_email, spelled_phone
from dagster_project.demo.purchases import Life

ACCOUNT_SYNCED_SHARE = 0.85
ACCOUNT_ID_KNOWN_SHARE = 0.7
GUEST_SHARE = 0.5
WITHDRAWS_SHARE = 0.12
SMS_SHARE = 0.1
FURTHER_SHARES = {"ads": 0.2, "post": 0.25, "push": 0.15}
PROFILED_SHARE = 0.4
HOUSEHOLDS = Weighted([("1", 35), ("2", 35), ("3", 13), ("4", 12), ("5+", 5)])
INCOMES = Weighted([("under 30k", 30), ("30-60k", 45), ("60-100k", 18), ("over 100k", 7)])


@dataclass(slots=True, eq=False)
class Contact:
    """A contact as first recorded; `changes` are (instant, properties) that later versions bear."""

    key: str
    person: Person
    created_at: int
    email: str
    phone: str | None
    account: Account | None
    stage: str
    changes: list[tuple[int, dict]] = field(default_factory=list)
    subscribed_at: int | None = None
    withdrawn_at: int | None = None
    profile: dict[str, str] = field(default_factory=dict)
    id: int = 0


@dataclass(slots=True, eq=False)
class Consent:
    """Somebody's yes or no to a channel."""

    contact: Contact
    at: int
    channel: str
    status: str  # SUBSCRIBED or UNSUBSCRIBED
    id: int = 0


def contacts(seed: int, life: Life, records: Records, clock: Clock) -> tuple[list[Contact], list[Consent]]:
    """A person's contacts, and the consents that they gave and withdrew by themselves."""
    person = life.person
    chance = stream(seed, "contacts", person.index)
    found = _contacts(life, records, clock, chance)
    for contact in found[:1]:
        contact.profile = _profile(seed, person)
    consents = [consent for contact in found[:1] for consent in _consents(seed, contact, records, chance)]
    return found, consents


def _contacts(life: Life, records: Records, clock: Clock, chance: Random) -> list[Contact]:
    person, accounts = life.person, records.accounts
    is_synced = chance.random() < ACCOUNT_SYNCED_SHARE or person.habit in (
        "linked_by_contact",
        "two_contacts",
    )
    is_id_known = chance.random() < ACCOUNT_ID_KNOWN_SHARE
    typed, phone = spelled_email(person.email, chance), spelled_phone(person, chance)
    delay, guest_subscribes = chance.randrange(60, HOUR), chance.random() < GUEST_SHARE
    joined_at = clock.instant(person.joined)
    if person.kind == "lead":
        stage = chance.choice(("subscriber", "lead"))
        return [Contact(f"{person.index:08}-0", person, joined_at, typed, phone, None, stage)]
    if person.habit == "till" or not is_synced:
        return []

    is_guest_first = person.habit in ("guest", "guest_then_account")
    if is_guest_first and not guest_subscribes:
        return []
    first = Contact(
        key=f"{person.index:08}-0",
        person=person,
        created_at=joined_at + delay,
        email=typed,
        phone=phone,
        account=None if is_guest_first or not is_id_known else accounts[0],
        stage="lead",
    )
    if life.purchases:
        first.changes.append((first.created_at + HOUR, {"lifecyclestage": "customer"}))
    later = accounts if is_guest_first else accounts[1:]
    if person.habit == "linked_by_contact":
        first.account = None
    if person.habit in ("linked_by_contact", "guest_then_account"):
        first.changes += [(account.created_at + 2 * HOUR, {"account": account}) for account in later]
    first.changes += [
        (at + HOUR, {"archived": True})
        for account in accounts
        for at, columns in account.changes
        if "deleted_at" in columns
    ]
    if person.habit != "two_contacts":
        return [first]
    first.account = None
    second = Contact(
        key=f"{person.index:08}-1",
        person=person,
        created_at=joined_at + 9 * DAY,
        email=person.other_email,
        phone=None,
        account=accounts[0],
        stage="customer",
    )
    return [first, second]


def _profile(seed: int, person: Person) -> dict[str, str]:
    """What some told the CRM about their household and work."""
    chance = stream(seed, "household", person.index)
    if chance.random() >= PROFILED_SHARE:
        return {}
    people = HOUSEHOLDS.pick(chance)
    return {
        "household_size": people,
        "marital_status": chance.choice(("married", "partnered")) if people != "1" else "single",
        "annual_income": INCOMES.pick(chance),
        "job_title": chance.choice(("teacher", "engineer", "nurse", "clerk", "student", "retired")),
        "degree": chance.choice(("school", "apprenticeship", "university")),
    }


def _consents(seed: int, contact: Contact, records: Records, chance: Random) -> list[Consent]:
    """Granted soon after the contact is made, or refused; some withdraw later without any message."""
    accounts = records.accounts
    is_granted = accounts[0].accepts_marketing if accounts else chance.random() < 0.9
    answered_at = contact.created_at + chance.randrange(60, 2 * HOUR)
    withdrawn_at = answered_at + int(chance.uniform(30, 600) * DAY) if chance.random() < WITHDRAWS_SHARE else None
    by_sms = chance.random() < SMS_SHARE
    consents = [Consent(contact, answered_at, "email", "SUBSCRIBED" if is_granted else "UNSUBSCRIBED")]
    if is_granted:
        contact.subscribed_at, contact.withdrawn_at = answered_at, withdrawn_at
        if withdrawn_at:
            consents.append(Consent(contact, withdrawn_at, "email", "UNSUBSCRIBED"))
    if by_sms:
        consents.append(Consent(contact, answered_at, "sms", "SUBSCRIBED"))
    further = stream(seed, "further consents", contact.person.index)
    agreed = [channel for channel, share in FURTHER_SHARES.items() if further.random() < share]
    return consents + [Consent(contact, answered_at, channel, "SUBSCRIBED") for channel in agreed]
