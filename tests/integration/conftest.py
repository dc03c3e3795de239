"""How integration tests run the pipeline: whole Dagster jobs in this process, each on a home of its own.

What a run has to yield does not belong here.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas
import pytest
import yaml
from dagster import DagsterInstance, ExecuteInProcessResult
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, ASSET_PARTITION_RANGE_START_TAG

from dagster_project.automation import DAILY_REFRESH
from dagster_project.definitions import build_definitions
from dagster_project.demo.simulate import Simulation, simulate
from dagster_project.home import Home
from dagster_project.publish.audience_config import EXAMPLE_FILE
from dagster_project.settings import Settings
from dagster_project.sources.assets import default_as_of
from dagster_project.sources.config import BUILTIN_FILE, load_source
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

    def failed_checks(self) -> list[str]:
        """What the asset checks that failed say."""
        evaluations = self.result.get_asset_check_evaluations()
        return [evaluation.description or "" for evaluation in evaluations if not evaluation.passed]

    def steps(self) -> set[str]:
        """The steps that succeeded."""
        return {event.step_key for event in self.result.all_events if event.is_step_success}


def _query(path: Path, sql: str) -> pandas.DataFrame:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(sql).df()


@pytest.fixture(scope="session")
def run_source(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Run]:
    """Runs a job on a source, for one date or for all from `since` on; give `home` to run again on the same home. Fails
    the test unless `may_fail`."""

    def run(
        source: str,
        *,
        source_path: Path | None = None,
        sources_file: Path | None = None,
        audiences_file: Path | None = None,
        as_of: str | date | None = None,
        since: date | None = None,
        run_config: dict[str, object] | None = None,
        home: Path | None = None,
        job: str = DAILY_REFRESH,
        threads: int = 2,
        dbt_folder: Path = DBT_FOLDER,
        may_fail: bool = False,
    ) -> Run:
        folder = home or tmp_path_factory.mktemp("home")
        given = {"source": source, "warehouse_home": folder, "warehouse_threads": threads}
        files = {"sources_file": sources_file, "audiences_file": audiences_file}
        settings = Settings(**given, **{name: file for name, file in files.items() if file})
        with pytest.MonkeyPatch.context() as patch:
            if source_path:
                patch.setitem(os.environ, "SOURCE_PATH", str(source_path))
            now = datetime.now(UTC)
            day = date.fromisoformat(str(as_of)) if as_of else default_as_of(load_source(settings), Home(folder), now)
            dates = (
                {"tags": {ASSET_PARTITION_RANGE_START_TAG: str(since), ASSET_PARTITION_RANGE_END_TAG: str(day)}}
                if since
                else {"partition_key": day.isoformat()}
            )
            with DagsterInstance.ephemeral() as instance:
                result = (
                    build_definitions(settings, dbt_folder)
                    .resolve_job_def(job)
                    .execute_in_process(instance=instance, run_config=run_config, raise_on_error=False, **dates)
                )
        finished = Run(Home(folder), day, result)
        assert may_fail or result.success, finished.failed_checks() or finished.failures()
        return finished

    return run


# Few enough customers for a quick run, many enough that one planted row is below 1 % of its table and that the
# probability model may be used.
SMALL_SHOP = {"seed": 11, "customers": 620, "start": date(2025, 4, 1), "end": date(2026, 3, 31)}


SHORT_EXPERIMENT = {
    "name": "short",
    "segment": "country:DE",
    "arms": {"control": 0.4, "treatment": 0.6},
    "start": SMALL_SHOP["end"],
    "metric": "orders",
    "horizon_days": 2,
}


@pytest.fixture(scope="session")
def small_shop(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """Arguments for `run_source`: the demo with few customers over one year, as a sources.yml of its own, with an
    experiment of the shop's last day and the next, and the audiences of the example."""
    demo = yaml.safe_load(BUILTIN_FILE.read_text())["demo"]
    entry = {**demo, "simulation": SMALL_SHOP, "experiments": [*demo["experiments"], SHORT_EXPERIMENT]}
    path = tmp_path_factory.mktemp("sources") / "sources.yml"
    path.write_text(yaml.safe_dump({"small_shop": entry}))
    return {"source": "small_shop", "sources_file": path, "audiences_file": EXAMPLE_FILE}


@pytest.fixture(scope="session")
def finished_shop(run_source: Callable[..., Run], small_shop: dict[str, object]) -> Run:
    """The small shop after one run as of its last day. Tests read it; they change only a copy (`copy_home`)."""
    return run_source(**small_shop, as_of=SMALL_SHOP["end"])


@pytest.fixture
def copy_home(tmp_path: Path) -> Callable[[Run], Path]:
    """Copies a run's home, so that a test may change it."""

    def copy(run: Run) -> Path:
        return Path(shutil.copytree(run.home.folder, tmp_path / "home", symlinks=True))

    return copy


@pytest.fixture
def simulated_home(tmp_path: Path) -> Path:
    """A home with the small shop's own files and nothing extracted yet."""
    simulate(tmp_path / "home" / "demo", Simulation(**SMALL_SHOP), SMALL_SHOP["end"], "Europe/Berlin")
    return tmp_path / "home"


@contextmanager
def shop_database(home: Path) -> Iterator[sqlite3.Connection]:
    """The simulated shop's own database, to plant something in it."""
    with closing(sqlite3.connect(home / "demo" / "shop.sqlite")) as connection:
        yield connection
        connection.commit()


def differing_tables(left: Path, right: Path, ignored: Collection[str] = ()) -> list[str]:
    """Names of the published tables whose rows differ between two publications, compared as multisets."""
    differing = []
    with duckdb.connect() as connection:
        connection.execute(f"attach '{left / 'marts.duckdb'}' as a (read_only)")
        connection.execute(f"attach '{right / 'marts.duckdb'}' as b (read_only)")
        tables = connection.execute(
            "select distinct table_name from duckdb_tables() where database_name in ('a', 'b')"
        ).fetchall()
        assert tables
        for (table,) in tables:
            rows = connection.execute(f"""
                select count(*) from (
                    (select * from a.{table} except all select * from b.{table})
                    union all
                    (select * from b.{table} except all select * from a.{table})
                )
            """).fetchone()[0]
            if rows and table not in ignored:
                differing.append(table)
    return sorted(differing)


def reversed_home(run: Run, folder: Path) -> Path:
    """A new home with nothing but the raw files of a run, the rows of each in reverse, and the simulated shop."""
    if run.home.demo.exists():
        shutil.copytree(run.home.demo, folder / "demo")
    shutil.copytree(run.home.folder / "raw", folder / "raw", ignore=shutil.ignore_patterns("*.parquet"))
    for file in (run.home.folder / "raw").rglob("*.parquet"):
        _write_reversed(file, folder / file.relative_to(run.home.folder))
    return folder


def _write_reversed(file: Path, reverse: Path) -> None:
    """The same file with its last row first."""
    with duckdb.connect() as connection:
        connection.execute(f"""
            copy (
                select * exclude (file_row_number)
                from read_parquet('{file}', file_row_number = true)
                order by file_row_number desc
            ) to '{reverse}' (format parquet)
        """)
