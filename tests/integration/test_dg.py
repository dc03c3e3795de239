"""The `dg` commands on this folder, as users of Dagster run them: `[tool.dg]` of pyproject.toml says what they work on.

That `dagster` loads workspace.yaml stands in test_orchestration.py.
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from dagster import AssetKey, DagsterInstance

from dagster_project.__main__ import write_instance
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER
from tests.integration.conftest import Run

pytestmark = pytest.mark.data


@pytest.fixture
def dg(small_shop, finished_shop: Run, copy_home, tmp_path: Path) -> Callable[..., str]:
    """Runs `dg` on a copy of the small shop's home; returns what it prints, without warnings on either stream."""
    home = Home(copy_home(finished_shop))
    write_instance(home)
    variables = {name.upper(): str(value) for name, value in small_shop.items()}
    places = {"WAREHOUSE_HOME": str(home.folder), "DAGSTER_HOME": str(home.dagster), "HOME": str(tmp_path)}

    def run(*arguments: str) -> str:
        done = subprocess.run(
            [Path(sys.executable).with_name("dg"), *arguments],
            cwd=PROJECT_FOLDER,
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(PROJECT_FOLDER), **variables, **places},
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    run.home = home
    return run


def test_dg_checks_lists_and_launches(dg):
    assert "All definitions loaded successfully" in dg("check", "defs")

    listed = json.loads(dg("list", "defs", "--json"))
    assert "segments/seg_rfm" in {asset["asset_key"] for asset in listed["assets"]}
    assert {"daily_refresh", "recompute"} <= {job["name"] for job in listed["jobs"]}

    dg("launch", "--assets", 'key:"core/fct_order"')
    with DagsterInstance.from_config(str(dg.home.dagster)) as instance:
        (record,) = instance.get_run_records()
        assert record.dagster_run.is_success
        assert (
            instance.get_latest_materialization_event(AssetKey(["core", "fct_order"])).run_id
            == record.dagster_run.run_id
        )
    assert not (dg.home.dagster / ".telemetry").exists()
