"""The shop's records of people: accounts, guest details and addresses; some people have several.

Does not belong here: the CRM's contacts (contacts.py) and what the records order (orders.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from random import Random

from dagster_project.demo.chance import stream
from dagster_project.demo.clock import DAY, HOUR, Clock
from dagster_project.demo.markets import STORE_MARKET, Market
from dagster_project.demo.population import (
    TILL_EMAIL,
    Person,
    spelled_email,
    spelled_phone,
)
from dagster_project.demo.purchases import Life

CLOSED_AFTER_LEAVING = 0.05


@dataclass(slots=True, eq=False)
class Account:
    """A customer record of the shop. `changes` are (instant, columns) that later versions of the row bear."""

    key: str
    created_at: int
    email: str
    phone: str | None
    first_name: str
    last_name: str
    gender: str | None
    born_on: date | None
    locale: str
    accepts_marketing: bool
    tags: str
    person: Person | None = None
    changes: list[tuple[int, dict]] = field(default_factory=list)
    default_address: Address | None = None
    id: int = 0


@dataclass(slots=True, eq=False)
class Address:
    """Where something is sent; of an account, of a guest or of the store."""

    key: str
    created_at: int
    account: Account | None
    market: Market
    town: tuple[str, str, str]
    id: int = 0


@dataclass(frozen=True, slots=True)
class Buyer:
    """How somebody appears on an order or a cart."""

    account: Account | None
    email: str | None
    phone: str | None
    address: Address | None


@dataclass(slots=True)
class _Identity:
    """A first or second record of a person: from which purchase on, and when its addresses begin."""

    from_purchase: int
    account: Account | None
    addresses: list[tuple[float, Address]]


class Records:
    """A person's records in the shop, in the order in which they begin."""

    def __init__(self, seed: int, life: Life, clock: Clock) -> None:
        self.person = life.person
        self._chance = stream(seed, "records", life.person.index)
        self._identities = list(self._begin(life, clock))
        self._close(life, clock)

    @property
    def accounts(self) -> list[Account]:
        """Their accounts; none for a guest."""
        return [identity.account for identity in self._identities if identity.account]

    @property
    def addresses(self) -> list[Address]:
        """Their addresses, those of a guest included."""
        return [address for identity in self._identities for _, address in identity.addresses]

    def buyer(self, purchases_so_far: int, moment: float, chance: Random) -> Buyer:
        """How the person appears at a moment, having begun that many purchases before it."""
        person = self.person
        identity = [one for one in self._identities if one.from_purchase <= purchases_so_far][-1]
        address = [address for begins, address in identity.addresses if begins <= moment][-1]
        if identity.account:
            return Buyer(identity.account, identity.account.email, identity.account.phone, address)
        return Buyer(None, spelled_email(person.email, chance), spelled_phone(person, chance), address)

    def _begin(self, life: Life, clock: Clock) -> list[_Identity]:
        person, chance = life.person, self._chance
        if person.kind == "lead":
            return []
        begins = life.purchases or [person.joined]
        town, new_town = chance.choice(person.market.towns), chance.choice(person.market.towns)
        moved = person.joined + person.moves_after if person.moves_after else None
        emails = self._account_emails()
        identities = []
        for number, email in enumerate(emails):
            from_purchase = person.second_record_at if number else 0
            if from_purchase >= len(begins):
                break
            moment = begins[from_purchase]
            created_at = before(moment, chance.randrange(HOUR // 4, HOUR), clock)
            account = self._account(number, email, created_at) if email else None
            has_moved = moved is not None and moved <= moment
            addresses = [(-1.0, self._address(number, 0, created_at, account, new_town if has_moved else town))]
            if moved is not None and not has_moved:
                addresses.append((moved, self._address(number, 1, clock.instant(moved), account, new_town)))
            if account:
                account.default_address = addresses[0][1]
                account.changes += [(new.created_at, {"default_address": new}) for _, new in addresses[1:]]
            identities.append(_Identity(from_purchase, account, addresses))
        return identities

    def _account_emails(self) -> list[str | None]:
        """The address of each record in turn; None stands for ordering as a guest."""
        person, chance = self.person, self._chance
        typed = spelled_email(person.email, chance)
        return {
            "guest": [None],
            "guest_then_account": [None, typed],
            "same_email_twice": [person.email, person.email.upper()],
            "linked_by_contact": [person.email, person.other_email],
            "till": [TILL_EMAIL],
        }.get(person.habit, [typed])

    def _account(self, number: int, email: str, created_at: int) -> Account:
        person, chance = self.person, self._chance
        is_second = number > 0 and person.habit != "guest_then_account"
        return Account(
            key=f"{person.index:08}-{number}",
            created_at=created_at,
            email=email,
            phone=spelled_phone(person, chance),
            first_name=person.first_name[0] + "." if is_second else person.first_name,
            last_name=person.last_name.upper() if chance.random() < 0.05 else person.last_name,
            gender=None if is_second else person.gender,
            born_on=person.born_on,
            locale=person.market.locale,
            accepts_marketing=chance.random() < 0.6,
            person=person,
            tags="till" if person.habit == "till" else chance.choice(("", "", "", "newsletter", "newsletter,loyalty")),
        )

    def _address(self, number: int, place: int, created_at: int, account: Account | None, town: tuple) -> Address:
        return Address(f"{self.person.index:08}-{number}-{place}", created_at, account, self.person.market, town)

    def _close(self, life: Life, clock: Clock) -> None:
        """Some who have left for good close their account, long after their last order and cart."""
        delay, closes = self._chance.uniform(61, 200), self._chance.random() < CLOSED_AFTER_LEAVING
        if life.dropped_out and closes and self.accounts:
            closed_at = clock.instant(life.purchases[-1] + delay)
            self.accounts[-1].changes.append((closed_at, {"deleted_at": closed_at}))


def before(moment: float, seconds: int, clock: Clock) -> int:
    """Some seconds before a moment, but on the same business day: what leads to an event is seen with it."""
    return max(clock.midnight(int(moment // 1)), clock.instant(moment) - seconds)


def store(clock: Clock) -> Address:
    """The address of the shop's till."""
    return Address("store", clock.midnight(0) - 30 * DAY, None, STORE_MARKET, STORE_MARKET.towns[0])


def staff_buyer(clock: Clock, address: Address) -> Buyer:
    """The account with which the shop's own people place test orders."""
    account = Account(
        "staff", clock.midnight(0) - 20 * DAY, "qa@shop.example", None, "Quality", "Assurance", None, None,
        STORE_MARKET.locale, False, "staff", default_address=address,
    )  # fmt: skip
    return Buyer(account, account.email, None, address)
