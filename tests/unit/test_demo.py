"""The simulated shop and CRM are deterministic, able to advance, and true to their own process.

Expectations are computed from the files and from the distributions, not by the simulator. The traps that are
planted in them have a file of their own (test_demo_traps.py).
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from demo_files import KINDS, ZONE, cutoff, file_bytes, local_dates, read_crm, read_shop
from scipy import stats
from scipy.integrate import quad

from dagster_project.demo import population
from dagster_project.demo import simulate as demo
from dagster_project.demo.clock import Clock
from dagster_project.demo.population import people
from dagster_project.demo.purchases import live

SIMULATION = demo.Simulation(seed=20240701, customers=300, start=date(2024, 7, 1), end=date(2026, 6, 30))
EARLIER, LATER = date(2025, 10, 25), date(2025, 10, 27)  # the clocks change between them
# So many people a day that some buy just after midnight.
CROWD = SIMULATION.model_copy(update={"customers": 300 * 730})


@pytest.fixture(scope="module")
def at_end(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("demo")
    demo.simulate(folder, SIMULATION, SIMULATION.end, ZONE)
    return folder


@pytest.fixture(scope="module")
def shop(at_end) -> dict[str, pd.DataFrame]:
    return read_shop(at_end)


@pytest.fixture(scope="module")
def crm(at_end) -> dict[str, list[dict]]:
    return read_crm(at_end)


@pytest.fixture(scope="module")
def truth(at_end) -> pd.DataFrame:
    return pd.read_parquet(at_end / "truth.parquet")


@pytest.fixture(scope="module")
def earlier_and_later(tmp_path_factory) -> tuple[Path, Path]:
    folders = tmp_path_factory.mktemp("earlier"), tmp_path_factory.mktemp("later")
    for folder, until in zip(folders, (EARLIER, LATER), strict=True):
        demo.simulate(folder, SIMULATION, until, ZONE)
    return folders


# Deterministic


def test_same_settings_write_the_same_bytes(tmp_path, earlier_and_later):
    demo.simulate(tmp_path, SIMULATION, EARLIER, ZONE)
    assert file_bytes(tmp_path) == file_bytes(earlier_and_later[0])


def test_another_seed_is_another_shop(tmp_path, earlier_and_later):
    demo.simulate(tmp_path, SIMULATION.model_copy(update={"seed": 1}), EARLIER, ZONE)
    other, same = read_shop(tmp_path)["orders"], read_shop(earlier_and_later[0])["orders"]
    assert not other["total_cents"].head(100).equals(same["total_cents"].head(100))


# Able to advance


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((SIMULATION, EARLIER, LATER), id="the clocks change"),
        pytest.param((SIMULATION, date(2025, 1, 31), date(2025, 2, 1)), id="prices rise"),
        pytest.param((SIMULATION, date(2026, 3, 4), date(2026, 3, 9)), id="the win-back is on"),
        pytest.param((CROWD, date(2024, 7, 4), date(2024, 7, 5)), id="people buy just after midnight"),
    ],
)
def two_days(request, tmp_path_factory) -> tuple[Path, Path, date]:
    """A shop at the end of an earlier and of a later day, and the earlier one."""
    simulation, *days = request.param
    folders = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    for folder, until in zip(folders, days, strict=True):
        demo.simulate(folder, simulation, until, ZONE)
    return *folders, days[0]


def test_an_earlier_day_stands_unchanged_in_a_later_one(two_days):
    *folders, earlier = two_days
    limit = str(cutoff(earlier))
    before, after = (read_shop(folder) for folder in folders)
    for table in before:
        key = before[table].columns[0]
        old, new = before[table].set_index(key), after[table].set_index(key)
        changed_at = "updated_at" if "updated_at" in new else "occurred_at"
        assert (old[changed_at] < limit).all(), table
        assert set(old.index) <= set(new.index), table
        unchanged = new[new[changed_at] < limit]
        pd.testing.assert_frame_equal(unchanged, old.loc[unchanged.index], check_dtype=False)
        if "created_at" in new:
            assert set(new[new["created_at"] < limit].index) == set(old.index), table


def test_an_earlier_day_of_the_crm_stands_unchanged_in_a_later_one(two_days):
    *folders, earlier = two_days
    limit = cutoff(earlier).isoformat()
    before, after = (read_crm(folder) for folder in folders)
    for kind in KINDS:
        old, new = ({one["id"]: one for one in objects[kind]} for objects in (before, after))
        assert all(one["updatedAt"] < limit for one in old.values()), kind
        assert {number for number, one in new.items() if one["createdAt"] < limit} == set(old), kind
        assert all(old[number] == one for number, one in new.items() if one["updatedAt"] < limit), kind


def test_advancing_adds_the_days_between_and_equals_a_shop_made_at_once(tmp_path, earlier_and_later):
    demo.simulate(tmp_path, SIMULATION, EARLIER, ZONE)
    orders = read_shop(tmp_path)["orders"]
    demo.simulate(tmp_path, SIMULATION, LATER, ZONE)
    assert file_bytes(tmp_path) == file_bytes(earlier_and_later[1])
    added = read_shop(tmp_path)["orders"].iloc[len(orders) :]
    assert len(added) > 0
    assert set(local_dates(added["created_at"])) <= {EARLIER + timedelta(days=1), LATER}


@pytest.mark.parametrize("until", [EARLIER, LATER])
def test_the_shop_never_moves_back(tmp_path, earlier_and_later, until):
    demo.simulate(tmp_path, SIMULATION, LATER, ZONE)
    written = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    demo.simulate(tmp_path, SIMULATION, until, ZONE)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == written


def test_an_advance_that_broke_off_is_repeated_up_to_its_own_day(tmp_path, earlier_and_later):
    demo.simulate(tmp_path, SIMULATION, EARLIER, ZONE)
    state = json.loads((tmp_path / demo.STATE).read_text())
    (tmp_path / demo.STATE).write_text(json.dumps(state | {"until": str(LATER), "complete": False}))
    demo.simulate(tmp_path, SIMULATION, EARLIER, ZONE)
    assert file_bytes(tmp_path) == file_bytes(earlier_and_later[1])


def test_people_go_on_joining_and_buying_after_the_end(tmp_path, truth):
    demo.simulate(tmp_path, SIMULATION, SIMULATION.end + timedelta(days=30), ZONE)
    later = pd.read_parquet(tmp_path / "truth.parquet")
    assert len(truth) == SIMULATION.customers
    assert len(later) == pytest.approx(SIMULATION.customers * (1 + 30 / 730), abs=1)
    assert local_dates(read_shop(tmp_path)["orders"]["placed_at"]).max() > SIMULATION.end


def test_other_settings_for_the_same_folder_are_refused(tmp_path, earlier_and_later):
    demo.simulate(tmp_path, SIMULATION, EARLIER, ZONE)
    with pytest.raises(demo.SimulationError, match="other settings"):
        demo.simulate(tmp_path, SIMULATION.model_copy(update={"seed": 1}), LATER, ZONE)


def test_a_day_before_the_opening_is_refused(tmp_path):
    with pytest.raises(demo.SimulationError, match="opens on 2024-07-01"):
        demo.simulate(tmp_path, SIMULATION, date(2024, 6, 30), ZONE)


def test_an_end_before_the_start_is_refused():
    with pytest.raises(ValueError, match="before it starts"):
        demo.Simulation(seed=1, customers=10, start=date(2025, 1, 2), end=date(2025, 1, 1))


# Truth


def test_truth_names_every_record_of_every_person(shop, crm, truth):
    assert sorted(truth["customer_ids"].explode().dropna()) == sorted(
        shop["customers"].query("email != 'qa@shop.example'")["id"]
    )
    assert sorted(truth["contact_ids"].explode().dropna().astype(str)) == sorted(one["id"] for one in crm["contacts"])
    nobodys = shop["orders"][~shop["orders"]["id"].isin(truth["order_ids"].explode())]
    assert nobodys["email"].isin(["", "null", "n/a", "qa@shop.example"]).eq(nobodys["email"].notna()).all()
    assert (nobodys["customer_id"].notna() == (nobodys["is_test"] == 1)).all()


def test_valid_orders_are_the_purchases_of_the_process(shop, truth):
    orders = shop["orders"].set_index("id")
    is_valid = (
        ~orders["status"].isin(["cancelled", "payment_failed"])
        & orders["deleted_at"].isna()
        & (orders["is_test"] == 0)
        & (orders["discount_cents"] < orders["items_cents"])
    )
    days = local_dates(orders["placed_at"])
    buyers = truth[truth["kind"] == "buyer"]
    differing = 0
    for _, person in buyers.iterrows():
        valid = [number for number in person["order_ids"] if is_valid[number]]
        # A till may still owe the upload of the last two days.
        due = {day for day in person["purchase_dates"] if day <= SIMULATION.end - timedelta(days=3)}
        assert due <= set(days[valid]) <= set(person["purchase_dates"])
        differing += len(valid) != person["purchases"]
    assert differing < len(buyers) * 0.02


def test_people_who_left_do_not_buy_and_the_alive_have_no_date(truth):
    buyers = truth[truth["kind"] == "buyer"]
    left = buyers[~buyers["is_alive"].astype(bool)]
    assert (left["dropped_out_on"] == left["purchase_dates"].map(lambda days: days[-1])).all()
    assert buyers.loc[buyers["is_alive"].astype(bool), "dropped_out_on"].isna().all()
    assert truth.loc[truth["kind"] != "buyer", "is_alive"].isna().all()
    assert 0.2 < len(left) / len(buyers) < 0.9


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """Buyers, more than the other tests simulate: their process, and what became of it."""
    simulation = SIMULATION.model_copy(update={"customers": 8_000})
    clock = Clock(simulation.start, simulation.end, ZONE)
    lives = [live(simulation.seed, person, clock) for person in people(simulation, clock)]
    return pd.DataFrame(
        {
            "purchase_rate": life.person.rate,
            "dropout_probability": life.person.dropout,
            "observed_days": clock.last_day + 1 - life.person.joined,
            "alive_days": (life.purchases[-1] if life.dropped_out else clock.last_day + 1) - life.person.joined,
            "purchases": len(life.purchases),
            "is_alive": not life.dropped_out,
        }
        for life in lives
        if life.person.kind == "buyer"
    )


def test_rates_and_drop_out_follow_their_distributions(many):
    rate = stats.gamma(population.RATE_SHAPE, scale=1 / population.RATE_DAYS)
    dropout = stats.beta(population.DROPOUT_A, population.DROPOUT_B)
    assert stats.kstest(many["purchase_rate"], rate.cdf).pvalue > 0.01
    assert stats.kstest(many["dropout_probability"], dropout.cdf).pvalue > 0.01


def test_people_buy_at_their_own_rate_while_they_are_there(many):
    expected = (many["purchase_rate"] * many["alive_days"]).sum()
    assert abs((many["purchases"] - 1).sum() - expected) < 3.5 * expected**0.5


def test_every_purchase_is_the_last_with_the_persons_own_chance(many):
    chance, purchases = many["dropout_probability"], many["purchases"]
    left = (~many["is_alive"]).sum()
    assert abs(left - (chance * purchases).sum()) < 3.5 * (chance * (1 - chance) * purchases).sum() ** 0.5


def test_purchases_and_survival_follow_the_process(many):
    """Everybody buys at a rate of their own, and each purchase is the last one with a chance p of their own.

    So somebody is alive t days after the first purchase with the chance (1 - p) exp(-rate p t), and repeat
    purchases are the rate times the integral of that.
    """
    rate, dropout, days = (many[name].to_numpy() for name in ("purchase_rate", "dropout_probability", "observed_days"))
    alive = (1 - dropout) * np.exp(-rate * dropout * days)
    deviation = (many["is_alive"].astype(float).sum() - alive.sum()) / np.sqrt((alive * (1 - alive)).sum())
    assert abs(deviation) < 3.5

    repeats = [
        quad(lambda t, r=r, p=p: r * (1 - p) * np.exp(-r * p * t), 0, end)[0]
        for r, p, end in zip(rate, dropout, days, strict=True)
    ]
    surplus = many["purchases"].to_numpy() - 1 - np.array(repeats)
    assert abs(surplus.sum()) < 3.5 * surplus.std() * len(surplus) ** 0.5

    once = dropout + (1 - dropout) * np.exp(-rate * days)
    assert (many["purchases"] == 1).mean() == pytest.approx(once.mean(), abs=0.02)
