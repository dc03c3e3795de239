"""What Dagster is told: jobs, schedule, subsets, and that the definitions load from workspace.yaml.

What a run yields does not belong here.
"""

import subprocess
import sys
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from dagster import (
    AssetKey,
    AssetSelection,
    BackfillPolicy,
    DagsterInstance,
    Definitions,
    build_schedule_context,
    materialize,
)
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from dagster_project.automation import DAILY_REFRESH, RECOMPUTE
from dagster_project.definitions import build_definitions
from dagster_project.progress import failures
from dagster_project.settings import PROJECT_FOLDER, Settings
from tests.integration.conftest import Run


@pytest.fixture(scope="module")
def definitions(small_shop, finished_shop: Run) -> Definitions:
    return build_definitions(Settings(**small_shop, warehouse_home=finished_shop.home.folder))


def test_daily_refresh_holds_every_asset(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    job = definitions.resolve_job_def(DAILY_REFRESH)
    assert job.asset_layer.selected_asset_keys == graph.materializable_asset_keys


def test_recompute_is_the_as_of_group_and_touches_no_source(definitions: Definitions):
    selected = {"/".join(key.path) for key in definitions.resolve_job_def(RECOMPUTE).asset_layer.selected_asset_keys}
    assert {"core/fct_customer", "segments/seg_rfm", "published/snapshot", "published/marts"} <= selected
    assert not {key for key in selected if key.startswith(("raw/", "contract/", "demo/"))}
    assert "core/fct_customer_daily" not in selected


def test_only_the_as_of_group_is_partitioned(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    partitioned = {key for key in graph.materializable_asset_keys if graph.get(key).partitions_def}
    assert partitioned == definitions.resolve_job_def(RECOMPUTE).asset_layer.selected_asset_keys


@pytest.mark.parametrize(
    ("tick", "as_of"),
    [
        (datetime(2026, 3, 29, 3, tzinfo=ZoneInfo("Europe/Berlin")), "2026-03-28"),  # the clocks went forward
        (datetime(2026, 10, 26, 3, tzinfo=ZoneInfo("Europe/Berlin")), "2026-10-25"),  # the day of 25 hours is over
    ],
)
def test_the_schedule_runs_for_the_day_that_ended_in_the_shops_zone(definitions: Definitions, tick, as_of):
    schedule = definitions.resolve_schedule_def("daily")
    assert schedule.execution_timezone == "Europe/Berlin"
    with DagsterInstance.ephemeral() as instance:
        context = build_schedule_context(
            instance=instance, scheduled_execution_time=tick, repository_def=definitions.get_repository_def()
        )
        data = schedule.evaluate_tick(context)
    assert [request.partition_key for request in data.run_requests] == [as_of]
    assert schedule.job_name == DAILY_REFRESH


def test_a_subset_chosen_in_the_ui_builds_only_that(definitions: Definitions, finished_shop: Run):
    chosen = AssetKey(["core", "fct_order"])
    result = materialize(
        list(definitions.assets), selection=AssetSelection.assets(chosen), instance=DagsterInstance.ephemeral()
    )
    built = {event.asset_key for event in result.get_asset_materialization_events()}
    assert built == {chosen}
    checked = {evaluation.asset_key for evaluation in result.get_asset_check_evaluations()}
    assert checked == {chosen}


def test_a_part_of_the_as_of_group_is_refused_for_a_date_that_the_warehouse_does_not_hold(
    definitions: Definitions, finished_shop: Run
):
    other_day = finished_shop.as_of - timedelta(days=3)
    result = materialize(
        list(definitions.assets),
        selection=AssetSelection.assets(AssetKey(["segments", "seg_rfm"])),
        partition_key=other_day.isoformat(),
        instance=DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    assert not result.success
    assert f"The run is for {other_day}, but core.dim_customer holds {finished_shop.as_of}" in "".join(
        failures(result.all_events)
    )


def test_a_range_of_dates_is_one_run(definitions: Definitions):
    graph = definitions.resolve_asset_graph()
    for key in definitions.resolve_job_def(RECOMPUTE).asset_layer.selected_asset_keys:
        assert graph.get(key).backfill_policy == BackfillPolicy.single_run()


@pytest.mark.parametrize("chosen", [["core", "dim_customer"], ["segments", "seg_rfm"], ["published", "snapshot"]])
def test_a_part_of_the_as_of_group_is_refused_for_a_range_of_dates(
    definitions: Definitions, finished_shop: Run, chosen: list[str]
):
    first_day = finished_shop.as_of - timedelta(days=3)
    result = materialize(
        list(definitions.assets),
        selection=AssetSelection.assets(AssetKey(chosen)),
        tags={
            ASSET_PARTITION_RANGE_START_TAG: str(first_day),
            ASSET_PARTITION_RANGE_END_TAG: str(finished_shop.as_of),
        },
        instance=DagsterInstance.ephemeral(),
        raise_on_error=False,
    )
    assert not result.success
    assert f"not for {first_day} to {finished_shop.as_of}: choose all of recompute" in "".join(
        failures(result.all_events)
    )
    assert list(finished_shop.home.snapshots.iterdir()) == [finished_shop.home.snapshot(finished_shop.as_of)]


def test_the_workspace_loads(tmp_path):
    """As `make ui` loads it, in a process of its own with the default source."""
    done = subprocess.run(
        [sys.executable, "-m", "dagster", "definitions", "validate", "-w", "workspace.yaml"],
        cwd=PROJECT_FOLDER,
        env={"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "WAREHOUSE_HOME": str(tmp_path / "home")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
