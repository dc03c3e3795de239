"""The commands behind `make run` and `make ui`: `python -m dagster_project run|ui`, and `dictionary`.

Prepares the instance folder, starts Dagster and tells a person what came out. The pipeline itself stands elsewhere.
"""

import json
import os
import signal
import sys
import warnings
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import click

from dagster_project.errors import WarehouseError
from dagster_project.files import write_text
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER, Settings, SettingsError, load_settings
from dagster_project.sources.config import Source, load_source

INSTANCE = """\
telemetry: {enabled: false}
nux: {enabled: false}
run_coordinator:
  module: dagster.core.run_coordinator
  class: QueuedRunCoordinator
  config: {dequeue_interval_seconds: 1}
event_log_storage:
  module: dagster_project.event_log
  class: OpenSqliteEventLogStorage
  config: {base_dir: HISTORY}
concurrency:
  runs: {max_concurrent_runs: 1}
  pools: {default_limit: 1, granularity: op}
"""


@click.group()
def cli() -> None:
    """The customer-segmentation warehouse."""
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", module="dagster")


@cli.command()
def run() -> None:
    """Run the daily job on the source and print the segments."""
    settings = load_settings()
    source = load_source(settings)
    home = _prepared_home(settings)
    click.echo(f"Source {settings.source}, home {settings.warehouse_home}")
    as_of = _as_of(settings, source, home)
    _claim(home, settings)
    click.echo(f"As of {as_of}")
    if not _run_daily_refresh(settings, source, home, as_of):
        sys.exit(1)
    from dagster_project.publish.summary import print_summary

    print_summary(home, settings.warehouse_home, as_of)


@cli.command()
def ui() -> None:
    """Open the Dagster UI on the same definitions."""
    settings = load_settings()
    load_source(settings)
    home = _prepared_home(settings)
    _claim(home, settings)
    os.chdir(PROJECT_FOLDER)
    # A script's background job ignores SIGINT, and Dagster treats SIGTERM like it: nothing could stop the UI.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    environment = {**os.environ, "DAGSTER_HOME": str(home.dagster), "PYTHONWARNINGS": "ignore"}
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml"]
    command += ["-h", settings.ui_host, "-p", str(settings.ui_port)]
    os.execvpe(sys.executable, command, environment)


@cli.command()
def dictionary() -> None:
    """Write docs/data_dictionary.md from the YAML of the dbt models."""
    from dagster_project.publish.dictionary import DICTIONARY_FILE, dictionary
    from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars

    settings = load_settings()
    home = Home(settings.warehouse_home.resolve())
    project = DbtProject(DBT_FOLDER, home, dbt_vars(load_source(settings)), settings.warehouse_threads)
    write_text(DICTIONARY_FILE, dictionary(project.manifest))
    click.echo(f"Written: {DICTIONARY_FILE.relative_to(PROJECT_FOLDER)}")


def _prepared_home(settings: Settings) -> Home:
    """The home with Dagster's instance in it.

    Raises WarehouseError where it belongs to another source, whose history and publication it would mix up.
    """
    home = Home(settings.warehouse_home.resolve())
    owner = home.source.read_text().strip() if home.source.exists() else settings.source
    if owner != settings.source:
        raise WarehouseError(
            f"The home {settings.warehouse_home} belongs to the source {owner}: give {settings.source} one of its own, "
            f"such as WAREHOUSE_HOME={settings.warehouse_home / settings.source}."
        )
    write_instance(home)
    return home


def write_instance(home: Home) -> None:
    """Dagster's own settings, under the home."""
    home.dagster.mkdir(parents=True, exist_ok=True)
    history = json.dumps(str(home.dagster / "history" / "runs"))
    (home.dagster / "dagster.yaml").write_text(INSTANCE.replace("HISTORY", history))


def _claim(home: Home, settings: Settings) -> None:
    """From here on the home belongs to the source."""
    write_text(home.source, settings.source + "\n")


def _as_of(settings: Settings, source: Source, home: Home) -> date:
    """The date that was asked for, else the last business day with an order.

    Raises SettingsError where the source has no such day yet.
    """
    from dagster_project.sources.assets import default_as_of

    as_of = settings.as_of or default_as_of(source, home, datetime.now(UTC))
    today = datetime.now(ZoneInfo(source.time_zone)).date()
    if not source.first_day <= as_of <= today:
        raise SettingsError(
            f"AS_OF={as_of} is no day of the source {settings.source}: it has {source.first_day} to {today}."
        )
    return as_of


def _run_daily_refresh(settings: Settings, source: Source, home: Home, as_of: date) -> bool:
    from dagster import DagsterInstance

    from dagster_project.alerts import alert_sender, tell
    from dagster_project.automation import DAILY_REFRESH
    from dagster_project.definitions import build_definitions
    from dagster_project.experiments.config import check_experiments
    from dagster_project.progress import failures
    from dagster_project.transform.catalogue import validate_catalogue
    from dagster_project.transform.project import DBT_FOLDER

    validate_catalogue(DBT_FOLDER)
    check_experiments(source.experiments, DBT_FOLDER)
    with DagsterInstance.from_config(str(home.dagster)) as instance:
        result = (
            build_definitions(settings)
            .resolve_job_def(DAILY_REFRESH)
            .execute_in_process(
                instance=instance,
                partition_key=as_of.isoformat(),
                run_config={"loggers": {"progress": {}}},
                raise_on_error=False,
            )
        )
        for sentence in failures(result.all_events):
            click.echo(sentence, err=True)
        # No daemon is there to do it.
        if (sender := alert_sender(settings)).channels:
            tell(sender, instance, instance.get_run_by_id(result.run_id))
    return result.success


def main() -> None:
    """Entry point: what a user can mend is one sentence, not a traceback."""
    try:
        cli()
    except WarehouseError as error:
        click.echo(str(error), err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
