"""The same raw rows in another order, transformed on another number of threads, give the same published rows.

Does not belong here: another day or another load of the same data (test_daily_runs.py); the same on a source of
millions of rows (test_complete_journey.py).
"""

from collections.abc import Callable

import pytest

from tests.integration.conftest import Run, differing_tables, reversed_home


@pytest.fixture(scope="module")
def backward(run_source: Callable[..., Run], small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    """The small shop from the same raw files in reverse, on one thread."""
    home = reversed_home(finished_shop, tmp_path_factory.mktemp("reversed") / "home")
    return run_source(**small_shop, as_of=finished_shop.as_of, home=home, threads=1)


def test_nothing_lands_again(backward: Run):
    extractions = {
        "/".join(event.asset_key.path): event.materialization.metadata
        for event in backward.result.get_asset_materialization_events()
        if event.asset_key.path[0] == "raw"
    }
    assert {extraction["rows"].value for extraction in extractions.values()} == {0}
    empty = {table for table, extraction in extractions.items() if extraction["rows_before"].value == 0}
    assert empty == {"raw/demo_crm/erasure_requests"}  # nobody of so small a shop asked for it


def test_every_published_row_is_the_same(finished_shop: Run, backward: Run):
    assert differing_tables(finished_shop.home.published, backward.home.published) == []


def test_the_report_is_the_same_byte_for_byte(finished_shop: Run, backward: Run):
    one, other = ((run.home.published / "report.html").read_bytes() for run in (finished_shop, backward))
    assert one == other


def test_affinity_is_among_them(backward: Run):
    assert not backward.query("select 1 from seg_category_affinity where is_primary").empty
