"""How integration tests run the pipeline: whole Dagster jobs in this process, each on a home of its own.

What a run has to yield does not belong here.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb
import pandas
import pytest
from dagster import DagsterInstance, ExecuteInProcessResult

from dagster_project.automation import DAILY_REFRESH
from dagster_project.definitions import build_definitions
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.assets import default_as_of
from dagster_project.sources.config import load_source
from dagster_project.transform.project import DBT_FOLDER


@dataclass(frozen=True)
class Run:
    """One finished job and the home it wrote."""

    home: Home
    as_of: date
    result: ExecuteInProcessResult

    def query(self, sql: str) -> pandas.DataFrame:
        """Rows of the published database."""
        return _query(self.home.published / "marts.duckdb", sql)

    def warehouse_query(self, sql: str) -> pandas.DataFrame:
        """Rows of the pipeline's own database."""
        return _query(self.home.warehouse, sql)

    def failures(self) -> dict[str, str]:
        """The steps that failed, each with its message."""
        return {
            event.step_key: event.step_failure_data.error_display_string
            for event in self.result.all_events
            if event.is_step_failure
        }

    def steps(self) -> set[str]:
        """The steps that succeeded."""
        return {event.step_key for event in self.result.all_events if event.is_step_success}


def _query(path: Path, sql: str) -> pandas.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="session")
def run_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Runs a job on a source; give `home` to run again on the same home. Fails the test unless `may_fail`."""

    def run(
        source: str,
        *,
        source_path: Path | None = None,
        sources_file: Path | None = None,
        as_of: str | date | None = None,
        home: Path | None = None,
        job: str = DAILY_REFRESH,
        threads: int = 2,
        dbt_folder: Path = DBT_FOLDER,
        may_fail: bool = False,
    ) -> Run:
        folder = home or tmp_path_factory.mktemp("home")
        given = {"source": source, "warehouse_home": folder, "warehouse_threads": threads, "_env_file": None}
        settings = Settings(**given, **({"sources_file": sources_file} if sources_file else {}))
        with pytest.MonkeyPatch.context() as patch:
            if source_path:
                patch.setitem(os.environ, "SOURCE_PATH", str(source_path))
            day = date.fromisoformat(str(as_of)) if as_of else default_as_of(load_source(settings), Home(folder))
            with DagsterInstance.ephemeral() as instance:
                result = (
                    build_definitions(settings, dbt_folder)
                    .resolve_job_def(job)
                    .execute_in_process(instance=instance, partition_key=day.isoformat(), raise_on_error=False)
                )
        finished = Run(Home(folder), day, result)
        assert may_fail or result.success, finished.failures()
        return finished

    return run
