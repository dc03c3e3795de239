"""Connected records: the components of links, against a union-find that shares no code with them.

Does not belong here: which records are linked (tests/integration/test_identity.py).
"""

import random
from collections.abc import Iterable
from itertools import pairwise

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from dagster_project.transform.identity import connected_records

KEYS = st.integers(0, 30).map(lambda number: f"key {number:02}")
EDGES = st.lists(st.tuples(KEYS, KEYS), min_size=1, max_size=40)


def _links(edges: Iterable[tuple[str, str]]) -> pd.DataFrame:
    return pd.DataFrame(edges, columns=["record_key", "link_key"])


def _smallest_of_component(edges: list[tuple[str, str]]) -> dict[str, str]:
    """Each key's component, named by its smallest key: unions always hang the larger root under the smaller."""
    parent = {key: key for edge in edges for key in edge}

    def root(key: str) -> str:
        while parent[key] != key:
            key = parent[key]
        return key

    for left, right in edges:
        smaller, larger = sorted((root(left), root(right)))
        parent[larger] = smaller
    return {key: root(key) for key in parent}


@given(EDGES)
def test_components_equal_those_of_a_union_find(edges: list[tuple[str, str]]):
    components = connected_records(_links(edges)).set_index("record_key")["component_key"]
    assert components.to_dict() == _smallest_of_component(edges)


@given(EDGES, st.randoms(use_true_random=False))
def test_the_order_of_links_changes_nothing(edges: list[tuple[str, str]], chance: random.Random):
    shuffled = chance.sample(edges, len(edges))
    assert connected_records(_links(shuffled)).equals(connected_records(_links(edges)))


def test_a_long_chain_is_one_component():
    keys = [f"key {number:05}" for number in range(20_000)]
    edges = list(pairwise(keys))
    random.Random(7).shuffle(edges)
    components = connected_records(_links(edges))
    assert components["record_key"].tolist() == keys
    assert set(components["component_key"]) == {keys[0]}


def test_two_chains_stay_apart():
    edges = [(f"{chain} {number:05}", f"{chain} {number + 1:05}") for chain in "ab" for number in range(10_000)]
    components = connected_records(_links(edges))
    assert components.groupby("component_key").size().to_dict() == {"a 00000": 10_001, "b 00000": 10_001}


def test_nobody_linked_gives_no_component():
    assert connected_records(_links([])).empty
