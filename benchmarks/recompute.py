"""Time of past dates launched from the Dagster UI on the demo shop: `python -m benchmarks.recompute [home]`.

Twelve month-ends in one run, and twelve days in a row. The UI and its daemon run as `make ui` runs them, and the
request is the one that the UI's dialog sends. The home is one that `make run` has filled; without it a new one is.
"""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import requests
from dagster import DagsterInstance

from dagster_project.automation import RECOMPUTE
from dagster_project.definitions import build_definitions
from dagster_project.home import Home
from dagster_project.publish.publication import published_as_of
from dagster_project.settings import PROJECT_FOLDER, Settings

LAUNCH = """
    mutation ($params: LaunchBackfillParams!) {
        launchPartitionBackfill(backfillParams: $params) {
            ... on LaunchBackfillSuccess { backfillId }
            ... on PythonError { message }
        }
    }
"""
STATUS = "query ($id: String!) { partitionBackfillOrError(backfillId: $id) { ... on PartitionBackfill { status } } }"
ENDED = {"COMPLETED", "COMPLETED_SUCCESS", "COMPLETED_FAILED", "FAILED", "CANCELED"}


@contextmanager
def _ui(home: Home, environment: dict[str, str]) -> Iterator[str]:
    """The address of a UI with its daemon; both end with it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "dagster", "dev", "-w", "workspace.yaml", "-p", str(port)]
    with (home.folder / "ui.log").open("w") as log:
        served = subprocess.Popen(command, cwd=PROJECT_FOLDER, env=environment, stdout=log, stderr=log)
        try:
            address = f"http://127.0.0.1:{port}"
            while served.poll() is None and not _answers(address):
                time.sleep(1)
            yield address
        finally:
            served.terminate()
            served.wait()


def _answers(address: str) -> bool:
    try:
        return requests.get(f"{address}/server_info", timeout=5).ok
    except requests.ConnectionError:
        return False


def _ask(address: str, query: str, **variables: object) -> dict:
    answer = requests.post(f"{address}/graphql", json={"query": query, "variables": variables}, timeout=60).json()
    return answer["data"]


def _backfill(
    home: Home,
    address: str,
    assets: Sequence[dict],
    chosen: Sequence[date],
    dates: Sequence[date],
    config: Mapping[str, object],
) -> str:
    names = [day.isoformat() for day in chosen]
    params = {"assetSelection": assets, "partitionNames": names, "runConfigData": config}
    launched = _ask(address, LAUNCH, params=params)["launchPartitionBackfill"]
    backfill, status = launched["backfillId"], ""
    while status not in ENDED:
        time.sleep(1)
        status = _ask(address, STATUS, id=backfill)["partitionBackfillOrError"]["status"]
    with DagsterInstance.from_config(str(home.dagster)) as instance:
        runs = [run for run in instance.get_runs() if run.tags.get("dagster/backfill") == backfill]
    written = sum(home.snapshot(day).exists() for day in dates)
    return f"{status}, {len(runs)} runs, {written} of {len(dates)} snapshots"


def main(folder: Path) -> None:
    """Print one line a backfill, from the click until it has ended."""
    home = Home(folder.resolve())
    environment = {**os.environ, "WAREHOUSE_HOME": str(home.folder), "DAGSTER_HOME": str(home.dagster)}
    if not home.published.exists():
        subprocess.run(
            [sys.executable, "-m", "dagster_project", "run"], cwd=PROJECT_FOLDER, env=environment, check=True
        )
    job = build_definitions(Settings(warehouse_home=home.folder)).resolve_job_def(RECOMPUTE)
    assets = [{"path": list(key.path)} for key in job.asset_layer.selected_asset_keys]
    last = published_as_of(home).replace(day=1)
    first_days = [date(last.year - (last.month <= back), (last.month - back - 1) % 12 + 1, 1) for back in range(12)]
    month_ends = sorted(day - timedelta(days=1) for day in first_days)
    in_a_row = [last - timedelta(days=back) for back in range(14, 2, -1)]
    since_first = {"ops": {"as_of_stage": {"config": {"month_ends_since": month_ends[0].isoformat()}}}}
    plans = {
        "twelve month-ends": (month_ends[-1:], month_ends, since_first),
        "twelve days in a row": (in_a_row, in_a_row, {}),
    }
    with _ui(home, environment) as address:
        for name, (chosen, dates, config) in plans.items():
            for day in dates:
                home.snapshot(day).unlink(missing_ok=True)
            start = time.perf_counter()
            found = _backfill(home, address, assets, chosen, dates, config)
            print(f"{name}: {time.perf_counter() - start:.0f} s, {found}", flush=True)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        main(Path(sys.argv[1]))
    else:
        with tempfile.TemporaryDirectory() as new:
            main(Path(new))
