"""Everything that has happened by the end of a day, put together from the people's lives.

Records that others refer to get their ids here. Does not belong here: how any of it is stored (shop_rows.py,
crm.py).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from dagster_project.demo.accounts import Account, Address, Records, staff_buyer, store
from dagster_project.demo.assortment import Assortment
from dagster_project.demo.browsing import PageEvent, page_events
from dagster_project.demo.care import ErasureRequest, Survey, Ticket, Trait, care
from dagster_project.demo.clock import Clock, Simulation
from dagster_project.demo.contacts import Consent, Contact, contacts
from dagster_project.demo.counter import staff_orders, walk_ins
from dagster_project.demo.fulfilment import fulfil
from dagster_project.demo.messages import Campaign, Message, campaigns, messages
from dagster_project.demo.opinions import Favourite, Referral, Review, favourites, referrals, reviews
from dagster_project.demo.orders import Cart, Order, abandoned_cart, lone_order, purchase
from dagster_project.demo.population import people
from dagster_project.demo.purchases import Life, live
from dagster_project.demo.win_back import PURCHASE_NUMBER, WinBack, win_back, win_back_campaign

FIRST_CUSTOMER_ID = 1_001
FIRST_ORDER_ID = 100_001
FIRST_CONTACT_ID = 7_000_001


@dataclass(slots=True)
class World:
    """What the shop and the CRM hold, each list in the order of its ids."""

    clock: Clock
    assortment: Assortment
    campaigns: list[Campaign]
    lives: list[Life] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    addresses: list[Address] = field(default_factory=list)
    orders: list[Order] = field(default_factory=list)
    carts: list[Cart] = field(default_factory=list)
    contacts: list[Contact] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    page_events: list[PageEvent] = field(default_factory=list)
    favourites: list[Favourite] = field(default_factory=list)
    reviews: list[Review] = field(default_factory=list)
    referrals: list[Referral] = field(default_factory=list)
    surveys: list[Survey] = field(default_factory=list)
    traits: list[Trait] = field(default_factory=list)
    tickets: list[Ticket] = field(default_factory=list)
    erasures: list[ErasureRequest] = field(default_factory=list)
    win_backs: dict[int, WinBack] = field(default_factory=dict)  # by the person's index


def build(simulation: Simulation, clock: Clock) -> World:
    """The world at the end of the clock's last day. Whatever a later clock adds comes after what is here."""
    world = World(clock, Assortment(simulation.seed, clock.last_day), campaigns(clock))
    for person in people(simulation, clock):
        _add_person(world, simulation, live(simulation.seed, person, clock))
    world.campaigns += win_back_campaign(clock)

    shop_address = store(clock)
    staff = staff_buyer(clock, shop_address)
    world.addresses.append(shop_address)
    world.accounts.append(staff.account)
    world.orders += walk_ins(simulation, world.assortment, clock, shop_address)
    world.orders += staff_orders(simulation, world.assortment, clock, staff)

    # A row is there from its creation on, and ids follow creation: so a later day never renumbers an
    # earlier one.
    world.accounts = numbered(world.accounts, clock, FIRST_CUSTOMER_ID)
    world.addresses = numbered(world.addresses, clock)
    world.orders = numbered(world.orders, clock, FIRST_ORDER_ID)
    world.carts = numbered(world.carts, clock)
    world.contacts = numbered(world.contacts, clock, FIRST_CONTACT_ID)
    world.consents = numbered(
        world.consents, clock, 1, lambda consent: (consent.at, consent.contact.key, consent.channel)
    )
    world.messages = sorted(message for message in world.messages if message.at < clock.cutoff)
    first_accounts = {account.person.index: account for account in reversed(world.accounts) if account.person}
    orders = {order.key: order for order in world.orders}
    world.referrals = list(referrals(simulation.seed, world.lives, first_accounts, orders, clock))
    for name in ("page_events", "favourites", "reviews", "referrals", "surveys", "traits", "tickets", "erasures"):
        setattr(world, name, numbered(getattr(world, name), clock))
    return world


def numbered(
    things: Iterable[Any],
    clock: Clock,
    first: int = 1,
    order: Callable[[Any], tuple] = lambda thing: (thing.created_at, thing.key),
) -> list[Any]:
    """The things that exist by the clock's cutoff, in the order of their creation, each with its id."""
    existing = sorted(things, key=order)
    existing = [thing for thing in existing if order(thing)[0] < clock.cutoff]
    for number, thing in enumerate(existing, start=first):
        thing.id = number
    return existing


def _add_person(world: World, simulation: Simulation, life: Life) -> None:
    seed, clock, assortment, person = simulation.seed, world.clock, world.assortment, life.person
    records = Records(seed, life, clock)
    world.lives.append(life)
    world.accounts += records.accounts
    world.addresses += records.addresses

    own_orders = []
    for number, moment in enumerate(life.purchases):
        own_orders.append(_buy(world, seed, records, number, number, moment))
    if person.kind in ("canceller", "sampler"):
        order, chance = lone_order(seed, records, assortment, clock)
        if person.kind == "sampler":
            fulfil(order, chance)
        world.orders.append(order)
    own_carts = [
        abandoned_cart(seed, records, number, life.purchases, moment, assortment, clock)
        for number, moment in enumerate(life.abandoned_carts)
    ]
    world.carts += own_carts
    events = page_events(seed, records, life, own_orders, own_carts, assortment, clock)
    world.page_events += events
    world.favourites += favourites(seed, person, events)
    world.reviews += reviews(seed, person, own_orders)

    found, consents = contacts(seed, life, records, clock)
    for contact in found[:1]:
        events, withdrawn = messages(seed, contact, world.campaigns, clock)
        world.messages += events
        consents += withdrawn
        if won := win_back(seed, contact, life, events, consents, clock):
            world.win_backs[person.index] = won
            world.messages += won.messages
            if won.order_at is not None:
                begun = sum(1 for moment in life.purchases if moment < won.order_at) - 1
                _buy(world, seed, records, PURCHASE_NUMBER, begun, won.order_at)
        told = care(seed, contact, life, clock)
        world.surveys += told.surveys
        world.traits += told.traits
        world.tickets += told.tickets
        world.erasures += told.erasures
    world.contacts += found
    world.consents += consents


def _buy(world: World, seed: int, records: Records, number: int, begun: int, moment: float) -> Order:
    """Everything that a purchase leaves; returns its own order."""
    orders, cart, chance = purchase(seed, records, number, begun, moment, world.assortment, world.clock)
    fulfil(orders[0], chance)
    world.orders += orders
    if cart:
        world.carts.append(cart)
    return orders[0]
