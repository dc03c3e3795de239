"""Who is drawn into which arm of an experiment, and that it stays so.

What is told of the arms does not belong here (test_experiment_results.py).
"""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest
from experiment_shop import CUSTOMERS, END, EVE, EXPERIMENT, START, TOLD, Shop, key, simulated_days, snapshot

from dagster_project.experiments.draw import draw


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path, simulated_days())
    yield made
    made.warehouse.close()


def test_the_members_of_the_eve_are_drawn_by_their_keys(shop):
    shop.judge(EVE)
    everybody = snapshot()
    members = everybody[everybody["vip"]].set_index("customer_key")
    expected = ["control" if draw("spring", member) < 0.5 else "treatment" for member in members.index]
    drawn = shop.drawn()
    assert drawn.index.tolist() == members.index.tolist()
    assert drawn["arm"].tolist() == expected
    assert drawn["split_value"].where(drawn["split_value"].notna(), None).tolist() == members["country"].tolist()
    assert set(pd.to_datetime(drawn["assigned_as_of"]).dt.date) == {EVE}


def test_a_draw_by_email_is_the_senders_and_leaves_out_who_has_none(shop):
    shop.judge(EVE, EXPERIMENT.model_copy(update={"unit": "email"}))
    drawn = shop.drawn()
    numbers = [int(drawn_key[-4:]) for drawn_key in drawn.index]
    assert numbers == [number for number in range(CUSTOMERS) if number % 10 and number % 4 > 1]
    sender = ["control" if draw("spring", f"{key(number)}@example.com") < 0.5 else "treatment" for number in numbers]
    assert drawn["arm"].tolist() == sender
    assert "@" not in drawn.to_csv()
    assert b"example.com" not in shop.home.assignment("spring").read_bytes()


def test_a_segment_may_be_the_value_of_a_label(shop):
    shop.judge(EVE, EXPERIMENT.model_copy(update={"segment": "country:FR"}))
    everybody = snapshot()
    assert shop.drawn().index.tolist() == everybody[everybody["country"] == "FR"]["customer_key"].tolist()


def test_arms_get_their_shares_in_the_order_of_the_entry(shop):
    shares = {"first": 0.2, "second": 0.5, "control": 0.3}
    shop.judge(EVE, EXPERIMENT.model_copy(update={"arms": shares}))
    points = pd.Series({drawn: draw("spring", drawn) for drawn in shop.drawn().index})
    expected = pd.cut(points, [0, 0.2, 0.7, 1], right=False, labels=list(shares)).astype(str)
    assert shop.drawn()["arm"].tolist() == expected.tolist()


def test_what_is_drawn_stays_drawn(shop):
    shop.judge(EVE)
    file = shop.home.assignment("spring")
    before = file.read_bytes(), file.stat().st_mtime_ns
    shop.put_snapshot(snapshot(customers=50))
    for as_of in (EVE, START, END, EVE - timedelta(days=1), EVE):
        shop.judge(as_of)
    assert (file.read_bytes(), file.stat().st_mtime_ns) == before


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"arms": {"treatment": 0.5, "control": 0.5}}, "arms"),  # another order is another draw
        ({"segment": "country:FR"}, "segment"),
        ({"unit": "email", "metric": "orders"}, "unit, metric"),
    ],
)
def test_an_entry_that_was_changed_after_the_draw_is_refused(shop, change, named):
    shop.judge(EVE)
    for as_of in (EVE, START, END):
        row = shop.judge(as_of, EXPERIMENT.model_copy(update=change)).loc["(all)"]
        assert row["status"] == "refused"
        assert f"({named}): put that back, or give the new experiment a new name" in row["reason"]
        assert row[["control_customers", *TOLD]].isna().all()
