"""The RFM presets put every pair of scores into exactly one group."""

import csv
from collections import Counter
from itertools import product
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2] / "dbt" / "seeds" / "segments"
CLASSIC_GROUPS = {
    "Champions",
    "Loyal",
    "Potential loyalists",
    "New",
    "Promising",
    "Need attention",
    "About to sleep",
    "At risk",
    "Can't lose",
    "Hibernating",
}


@pytest.fixture
def classic() -> list[dict[str, str]]:
    with (SEEDS / "rfm_classic.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_classic_preset_is_exhaustive_and_exclusive(classic: list[dict[str, str]]):
    pairs = Counter((int(row["r_score"]), int(row["f_score"])) for row in classic)
    assert pairs == Counter(product(range(1, 6), range(1, 6)))


def test_classic_preset_has_its_ten_groups(classic: list[dict[str, str]]):
    assert {row["classic_group"] for row in classic} == CLASSIC_GROUPS


def test_recent_buyers_and_lost_buyers_share_no_group(classic: list[dict[str, str]]):
    group = {(int(row["r_score"]), int(row["f_score"])): row["classic_group"] for row in classic}
    assert group[5, 5] == "Champions"
    assert group[1, 1] == "Hibernating"
    for frequency in range(1, 6):
        assert {group[1, frequency], group[2, frequency]} <= {"Hibernating", "At risk", "Can't lose"}
        assert {group[4, frequency], group[5, frequency]} <= {
            "Champions",
            "Loyal",
            "Potential loyalists",
            "New",
            "Promising",
        }
