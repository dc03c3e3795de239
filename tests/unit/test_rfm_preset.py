"""The RFM presets put every combination of scores into exactly one group that has a description."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations, product
from pathlib import Path

import pytest

SEEDS = Path(__file__).parents[2] / "dbt" / "seeds" / "segments"
SCORES = range(1, 6)
BANDS = range(1, 4)
# Preset: the values of each score that stands in it.
PRESETS = {
    "classic": {"r_score": SCORES, "f_score": SCORES},
    "shopify": {"r_score": SCORES, "fm_score": SCORES},
    "klaviyo": {"recency_band": BANDS, "frequency_band": BANDS, "monetary_band": BANDS},
}
GROUPS = {
    "classic": {
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
    },
    "shopify": {
        "Champions",
        "Loyal",
        "Active",
        "New",
        "Promising",
        "Needs attention",
        "Almost lost",
        "At risk",
        "Previously loyal",
        "Dormant",
        "Prospects",
    },
    "klaviyo": {"Champions", "Loyal", "Recent", "Needs Attention", "At Risk", "Inactive"},
}
WITHOUT_AN_ORDER = {"shopify": {"Prospects"}}
# By the last order: within the two best scores of recency, the middle one, the two worst.
LIVELY = {
    "classic": {"Champions", "Loyal", "Potential loyalists", "New", "Promising"},
    "shopify": {"Champions", "Loyal", "Active", "New", "Promising"},
}
FADING = {
    "classic": {"Loyal", "Need attention", "About to sleep"},
    "shopify": {"Loyal", "Needs attention", "Almost lost"},
}
AWAY = {"classic": {"At risk", "Can't lose", "Hibernating"}, "shopify": {"At risk", "Previously loyal", "Dormant"}}
KLAVIYO_FROM_WORST_TO_BEST = ["Inactive", "At Risk", "Needs Attention", "Recent", "Loyal", "Champions"]


def _rows(seed: str) -> list[dict[str, str]]:
    with (SEEDS / f"{seed}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _pairs(preset: str) -> list[tuple[tuple[int, ...], str]]:
    """Each row of a preset as its scores and its group."""
    return [
        (tuple(int(row[score]) for score in PRESETS[preset]), row[f"{preset}_group"]) for row in _rows(f"rfm_{preset}")
    ]


def _blocks(preset: str) -> Iterator[tuple[str, set[tuple[int, ...]]]]:
    """Each group of a preset with the combinations of scores that make it."""
    combinations_of = defaultdict(set)
    for scores, group in _pairs(preset):
        combinations_of[group].add(scores)
    return iter(combinations_of.items())


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_is_exhaustive_and_exclusive(preset: str):
    assert Counter(scores for scores, _ in _pairs(preset)) == Counter(product(*PRESETS[preset].values()))


@pytest.mark.parametrize("preset", PRESETS)
def test_preset_has_its_groups_and_each_a_description(preset: str):
    used = {group for _, group in _pairs(preset)} | WITHOUT_AN_ORDER.get(preset, set())
    described = {row["group_name"]: row["description"] for row in _rows("rfm_group") if row["preset"] == preset}
    assert used == GROUPS[preset] == set(described)
    assert all(text.endswith(".") for text in described.values())
    assert len(set(described.values())) == len(described)


@pytest.mark.parametrize("preset", ["classic", "shopify"])
def test_group_is_one_block_of_scores(preset: str):
    for group, scores in _blocks(preset):
        recency, other = zip(*scores, strict=True)
        block = product(range(min(recency), max(recency) + 1), range(min(other), max(other) + 1))
        assert scores == set(block), group


@pytest.mark.parametrize("preset", ["classic", "shopify"])
def test_recent_buyers_and_lost_buyers_share_no_group(preset: str):
    by_recency = defaultdict(set)
    for (recency, _), group in _pairs(preset):
        by_recency[recency].add(group)
    assert by_recency[5] | by_recency[4] == LIVELY[preset]
    assert by_recency[3] == FADING[preset]
    assert by_recency[2] == by_recency[1] == AWAY[preset]


@pytest.mark.parametrize(("preset", "worst"), [("classic", "Hibernating"), ("shopify", "Dormant")])
def test_corners_of_the_scores(preset: str, worst: str):
    group = dict(_pairs(preset))
    assert (group[5, 5], group[5, 1], group[1, 1]) == ("Champions", "New", worst)


def test_a_better_band_never_makes_a_worse_group_of_klaviyo():
    rank = {bands: KLAVIYO_FROM_WORST_TO_BEST.index(group) for bands, group in _pairs("klaviyo")}
    assert (rank[1, 1, 1], rank[3, 3, 3]) == (0, 5)
    for one, other in combinations(rank, 2):
        if all(a <= b for a, b in zip(one, other, strict=True)):
            assert rank[one] <= rank[other], (one, other)
