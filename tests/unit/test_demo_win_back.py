"""The planted experiment: who is written to, what it causes, and that it changes nothing else in the simulated shop."""

from datetime import date, timedelta

import pytest

from dagster_project.demo import win_back
from dagster_project.demo.clock import Clock, Simulation
from dagster_project.demo.world import World, build
from dagster_project.experiments.draw import draw

SIMULATION = Simulation(seed=3, customers=1_500, start=date(2025, 1, 1), end=date(2026, 6, 30))
CLOCK = Clock(SIMULATION.start, date(2026, 4, 30), "Europe/Berlin")
DAY = (win_back.STARTS_ON - SIMULATION.start).days


@pytest.fixture(scope="module")
def world() -> World:
    return build(SIMULATION, CLOCK)


def _of_campaign(world: World) -> list:
    return [message for message in world.messages if message.campaign.number == win_back.CAMPAIGN_NUMBER]


def test_the_list_are_subscribers_who_had_not_bought_for_90_days(world):
    lives = {life.person.index: life for life in world.lives}
    assert len(world.win_backs) > 100
    for index in world.win_backs:
        bought = [moment for moment in lives[index].purchases if moment < DAY]
        assert DAY - 1 - int(max(bought)) >= 90
    withdrawn = {c.contact.key: c.at for c in world.consents if (c.channel, c.status) == ("email", "UNSUBSCRIBED")}
    for message in _of_campaign(world):
        assert message.contact.subscribed_at < message.at < withdrawn.get(message.contact_key, CLOCK.cutoff)


def test_the_arm_is_drawn_by_the_address_and_only_the_treatment_is_written_to(world):
    contacts = {contact.person.index: contact for contact in reversed(world.contacts)}
    written_to = {message.contact.person.index for message in _of_campaign(world)}
    for index, won in world.win_backs.items():
        assert won.arm == ("control" if draw("win_back", contacts[index].email.strip().lower()) < 0.5 else "treatment")
        assert (index in written_to) == (won.arm == "treatment")
    shares = [won.arm for won in world.win_backs.values()]
    assert 0.4 < shares.count("control") / len(shares) < 0.6


def test_half_of_the_treated_who_have_not_left_order_within_twelve_days(world):
    lives = {life.person.index: life for life in world.lives}
    treated = {index: won for index, won in world.win_backs.items() if won.arm == "treatment"}
    has_left = {index for index in treated if lives[index].dropped_out and lives[index].purchases[-1] < DAY}
    ordered = {index for index, won in treated.items() if won.order_at is not None}
    assert not ordered & has_left
    assert 0.3 < len(ordered) / len(treated.keys() - has_left) < 0.7
    caused = [order for order in world.orders if order.key.endswith(f"-{win_back.PURCHASE_NUMBER}")]
    assert {order.person.index for order in caused} == ordered
    begins, ends = CLOCK.midnight(DAY), CLOCK.midnight(DAY + win_back.ORDER_DAYS)
    assert all(begins < order.placed_at < ends for order in caused)


def test_the_rest_of_the_shop_is_as_without_it(world, monkeypatch):
    monkeypatch.setattr(win_back, "STARTS_ON", SIMULATION.end + timedelta(days=100))
    without = build(SIMULATION, CLOCK)
    assert not without.win_backs
    assert not _of_campaign(without)

    def orders(of: World) -> list:
        # What an order of the experiment leaves besides, such as a second one that is cancelled, bears its key.
        own = [order for order in of.orders if f"-{win_back.PURCHASE_NUMBER}" not in order.key]
        return [(order.key, order.placed_at, order.basket.total, order.status) for order in own]

    assert len(orders(world)) < len(world.orders)
    assert orders(world) == orders(without)
    others = [message for message in world.messages if message.campaign.number != win_back.CAMPAIGN_NUMBER]
    assert [message[:3] for message in others] == [message[:3] for message in without.messages]
    assert [event.key for event in world.page_events] == [event.key for event in without.page_events]
    assert [account.key for account in world.accounts] == [account.key for account in without.accounts]
