"""Dagster's event log with its files kept open."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance, DagsterRunStatus, asset, materialize

from dagster_project.__main__ import INSTANCE
from dagster_project.event_log import OpenSqliteEventLogStorage


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An instance's folder as the commands prepare it."""
    history = json.dumps(str(tmp_path / "history" / "runs"))
    (tmp_path / "dagster.yaml").write_text(INSTANCE.replace("HISTORY", history))
    return tmp_path


@pytest.fixture
def instance(folder: Path) -> Iterator[DagsterInstance]:
    with DagsterInstance.from_config(str(folder)) as opened:
        yield opened


def test_the_commands_instance_uses_it(instance):
    assert isinstance(instance.event_log_storage, OpenSqliteEventLogStorage)


def test_what_runs_wrote_is_read_by_dagsters_own_storage_meanwhile(instance, tmp_path):
    @asset
    def thing() -> None:
        """Something."""

    runs = [materialize([thing], instance=instance).run_id for _ in range(3)]

    (tmp_path / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with DagsterInstance.from_config(str(tmp_path)) as other:
        assert {run.run_id: run.status for run in other.get_runs()} == dict.fromkeys(runs, DagsterRunStatus.SUCCESS)
        for run_id in runs:
            told = [record.event_log_entry for record in other.get_records_for_run(run_id).records]
            mine = [record.event_log_entry for record in instance.get_records_for_run(run_id).records]
            assert told == mine and len(told) > 5
        assert other.get_latest_materialization_event(AssetKey("thing")).run_id == runs[-1]


def test_it_keeps_two_files_open_and_none_once_it_is_disposed_of(folder):
    storage = OpenSqliteEventLogStorage(str(folder / "history" / "runs"))
    for run_id in ("first", "second", "third"):
        with storage.run_connection(run_id):
            pass
        with storage.index_connection():
            pass
        assert set(storage._open) == {run_id, "index"}
    storage.dispose()
    assert not storage._open
