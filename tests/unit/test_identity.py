"""Components of linked records, against a union-find that shares no code with them.

Does not belong here: which records are linked and whose key a customer bears (test_identity_over_days.py).
"""

import random
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dagster_project.transform.identity import write_components

Links = Iterable[tuple[str, str]]
Component = Callable[[Links], dict[str, str]]

RECORDS = st.integers(0, 20).map(lambda number: f"record {number:02}")
KEYS = st.integers(0, 12).map(lambda number: f"key {number:02}")
LINKS = st.lists(st.tuples(RECORDS, KEYS), min_size=1, max_size=30)
SAME_WAREHOUSE = settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def component(tmp_path: Path) -> Iterator[Component]:
    """Asks for the component of each linked record, in the order of the file."""
    path = tmp_path / "identity_component.parquet"
    with duckdb.connect() as warehouse:
        warehouse.execute("create schema core")
        warehouse.execute("create table core.int_identity_link (record_key text, link_key text, is_blocked boolean)")

        def components_of(links: Links, is_blocked: bool = False) -> dict[str, str]:
            frame = pd.DataFrame(links, columns=["record_key", "link_key"], dtype=str).assign(is_blocked=is_blocked)
            warehouse.register("link", frame)
            warehouse.execute("truncate core.int_identity_link")
            warehouse.execute("insert into core.int_identity_link select * from link")
            written = write_components(warehouse, path)
            found = warehouse.execute("select record_key, component_key from read_parquet(?)", [str(path)]).fetchall()
            assert written == len(found)
            return dict(found)

        yield components_of


def _smallest_of_component(links: list[tuple[str, str]]) -> dict[str, str]:
    """Each linked record's component by its smallest record: unions always hang the larger root under the smaller."""
    bearers: dict[str, list[str]] = {}
    for record, key in links:
        bearers.setdefault(key, []).append(record)
    parent = {record: record for record, _ in links}

    def root(record: str) -> str:
        while parent[record] != record:
            record = parent[record]
        return record

    for records in bearers.values():
        for left, right in pairwise(records):
            smaller, larger = sorted((root(left), root(right)))
            parent[larger] = smaller
    return {record: root(record) for record in parent}


@given(LINKS)
@SAME_WAREHOUSE
def test_components_equal_those_of_a_union_find(component: Component, links: list[tuple[str, str]]):
    smallest = _smallest_of_component(links)
    components = list(smallest.values())
    linked = {record: first for record, first in smallest.items() if components.count(first) > 1}
    assert component(links) == linked


@given(LINKS, st.randoms(use_true_random=False))
@SAME_WAREHOUSE
def test_the_order_of_links_changes_nothing(component: Component, links: list, chance: random.Random):
    shuffled = chance.sample(links, len(links))
    assert list(component(shuffled).items()) == list(component(links).items())


def _chain(name: str, length: int) -> list[tuple[str, str]]:
    """Records each of which shares a key with the one before and another with the one after."""
    records = [f"{name} {number:05}" for number in range(length)]
    keys = [f"{name} {number}" for number in range(length - 1)]
    return [*zip(records[:-1], keys, strict=True), *zip(records[1:], keys, strict=True)]


def test_a_long_shuffled_chain_is_one_component(component: Component):
    links = _chain("record", 20_000)
    random.Random(7).shuffle(links)
    components = component(links)
    assert len(components) == 20_000
    assert set(components.values()) == {"record 00000"}


def test_two_chains_stay_apart(component: Component):
    components = component(_chain("a", 10_000) + _chain("b", 10_000))
    assert set(components.values()) == {"a 00000", "b 00000"}
    assert all(record[0] == first[0] for record, first in components.items())


def test_a_key_of_one_record_links_nobody(component: Component):
    assert component([("record 1", "key 1"), ("record 2", "key 2")]) == {}


def test_a_blocked_key_links_nobody(component: Component):
    assert component([("record 1", "key"), ("record 2", "key")], is_blocked=True) == {}


def test_nobody_linked_gives_no_component(component: Component):
    assert component([]) == {}
