"""The Dagster UI as people use it, in a headless Chromium: materialize all, a backfill of three days, a failed gate.

Screenshots are written to the folder that UI_SCREENSHOTS names, else to a temporary one. What the pages say is compared
with the instance's own records.
"""

import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import urlopen

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus, RunsFilter
from dagster._core.execution.stats import StepEventStatus

from dagster_project.__main__ import write_instance
from dagster_project.automation import DAILY_REFRESH, RECOMPUTE
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER
from tests.browser import chromium_path
from tests.integration.conftest import Run, shop_database
from tests.webhook import listening

pytestmark = pytest.mark.data

MINUTES = 60
ENDED = [DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED]


@dataclass
class Ui:
    """The UI of a home, in a browser's page; `elsewhere` has what its pages asked other machines for."""

    url: str
    page: object
    home: Home
    shots: Path
    elsewhere: list[str] = field(default_factory=list)

    def open(self, path: str) -> None:
        self.page.goto(self.url + path, wait_until="domcontentloaded")

    def shows(self, text: str | re.Pattern[str]) -> None:
        """Waits until the page says it."""
        self.page.get_by_text(text).first.wait_for()

    def shot(self, name: str) -> None:
        self.page.wait_for_timeout(1500)  # what moves comes to rest
        self.page.screenshot(path=self.shots / f"{name}.png")

    def materialize_all(self, job: str, dates: str) -> DagsterRun:
        """Press "Materialize all…" of a job for some dates; returns the run as it ended."""
        self.open(f"/locations/warehouse/jobs/{job}")
        before = {run.run_id for run in self.runs()}
        self.page.get_by_role("button", name="Materialize all").click()
        self.page.get_by_text("Show all partitions").click()
        dialog = self.page.get_by_role("dialog")
        dialog.locator("input[type=text]").fill(dates)
        dialog.locator("input[type=text]").press("Enter")
        dialog.get_by_role("button", name=re.compile("^Launch")).click()
        for _ in range(10 * MINUTES):
            new = [run for run in self.runs() if run.run_id not in before and run.status in ENDED]
            if new:
                return new[0]
            time.sleep(1)
        raise AssertionError("the run did not end")

    def runs(self) -> list[DagsterRun]:
        with DagsterInstance.from_config(str(self.home.dagster)) as instance:
            return list(instance.get_runs(RunsFilter()))


@pytest.fixture(scope="session", autouse=True)
def chromium() -> Path:
    """The browser, before anything is run for it."""
    return chromium_path()


@pytest.fixture(scope="module")
def home(small_shop, finished_shop: Run, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A copy of the small shop's home."""
    folder = tmp_path_factory.mktemp("ui") / "home"
    shutil.copytree(finished_shop.home.folder, folder, symlinks=True)
    return Home(folder)


@pytest.fixture(scope="module")
def webhook() -> Iterator[tuple[list[dict], str]]:
    """What alerts were posted, and where to."""
    with listening() as server:
        yield server


@pytest.fixture(scope="module")
def server(small_shop, home: Home, webhook) -> Iterator[str]:
    """`make ui`'s command on a free port; its address."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    write_instance(home)
    variables = {name.upper(): str(value) for name, value in small_shop.items()}
    process = subprocess.Popen(
        [sys.executable, "-m", "dagster_project", "ui"],
        cwd=PROJECT_FOLDER,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(home.folder),
            "WAREHOUSE_HOME": str(home.folder),
            "UI_PORT": str(port),
            "ALERT_WEBHOOK_URL": webhook[1],
            "ALERT_DAGSTER_URL": f"http://127.0.0.1:{port}",
            **variables,
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    try:
        _wait_for(url, process)
        yield url
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def _wait_for(url: str, process: subprocess.Popen) -> None:
    for _ in range(5 * MINUTES):
        assert process.poll() is None, "the UI's command ended"
        try:
            with urlopen(f"{url}/server_info", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(1)
    raise AssertionError("the UI did not start")


@pytest.fixture(scope="module")
def ui(chromium: Path, server: str, home: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ui]:
    """A page of a headless Chromium on it."""
    from playwright.sync_api import sync_playwright

    shots = Path(os.environ.get("UI_SCREENSHOTS") or tmp_path_factory.mktemp("screenshots"))
    shots.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1500, "height": 950})
        page.set_default_timeout(2 * MINUTES * 1000)
        opened = Ui(server, page, home, shots)
        page.on("request", lambda request: opened.elsewhere.append(request.url) if _is_elsewhere(request.url) else None)
        yield opened
        browser.close()


def _is_elsewhere(url: str) -> bool:
    return urlsplit(url).scheme not in {"data", "blob"} and urlsplit(url).hostname != "127.0.0.1"


def test_materialize_all(ui: Ui, finished_shop: Run):
    run = ui.materialize_all(DAILY_REFRESH, finished_shop.as_of.isoformat())
    assert run.status == DagsterRunStatus.SUCCESS
    ui.open(f"/runs/{run.run_id}")
    ui.shows("Success")
    ui.shows("published__marts")
    ui.shot("run_succeeded")


def test_the_graph_is_one_box_a_stage(ui: Ui):
    ui.open("/asset-groups")
    for stage in ("raw", "staging", "contract", "quarantine", "core", "segments", "insights", "published"):
        ui.shows(stage)
    ui.shot("lineage")


def test_the_page_of_a_mart_says_what_it_is(ui: Ui, finished_shop: Run):
    ui.open("/assets/segments/seg_rfm")
    buyers = len(finished_shop.query("from seg_rfm"))
    for text in (
        re.compile("^One row per buyer"), "customer-analytics", "dbt", "duckdb", f"{buyers:,}",
        "Valid orders.", "monetary_amount", "Warns if more than 28 hours since last materialization",
    ):  # fmt: skip
        ui.shows(text)
    ui.shot("asset")
    ui.open("/assets/segments/seg_rfm?view=checks&checkDetail=unique_seg_rfm_customer_key")
    ui.shows("No two rows have the same customer_key.")
    ui.shot("checks")


def test_a_backfill_of_three_days(ui: Ui, finished_shop: Run):
    first, last = finished_shop.as_of - timedelta(days=3), finished_shop.as_of - timedelta(days=1)
    snapshots = [ui.home.snapshot(first + timedelta(days=number)) for number in range(3)]
    assert not any(snapshot.exists() for snapshot in snapshots)
    run = ui.materialize_all(RECOMPUTE, f"[{first}...{last}]")
    assert run.status == DagsterRunStatus.SUCCESS
    assert all(snapshot.exists() for snapshot in snapshots)
    ui.open("/runs")
    ui.shows(run.tags["dagster/backfill"])
    ui.shows("3 partitions")
    ui.open(f"/runs/{run.run_id}")
    ui.shows("Success")
    ui.shows(f"{last:%Y-%m-%d}")
    ui.shot("backfill")


def test_a_failed_gate_says_why_and_stops_what_comes_after(ui: Ui, finished_shop: Run):
    with shop_database(ui.home.folder) as shop:
        planted = shop.execute("""
            update orders set status = 'teleported', updated_at = (select max(updated_at) from orders) where id % 4 = 0
        """).rowcount
    standing = ui.home.published.resolve()
    run = ui.materialize_all(DAILY_REFRESH, finished_shop.as_of.isoformat())
    assert run.status == DagsterRunStatus.FAILURE
    assert ui.home.published.resolve() == standing

    ui.open(f"/runs/{run.run_id}")
    ui.shows("Failure")
    ui.shows("check_raw_demo_shop")
    ui.shot("run_failed")
    ui.open("/assets/raw/demo_shop/orders?view=checks&checkDetail=expectations")
    ui.shows(f"raw/demo_shop/orders: statuses are those of the shop ({planted} of {planted} rows fail")
    ui.shot("failed_gate")
    with DagsterInstance.from_config(str(ui.home.dagster)) as instance:
        steps = {step.step_key: step.status for step in instance.get_run_step_stats(run.run_id)}
    assert steps["check_raw_demo_shop"] == StepEventStatus.FAILURE
    assert steps.get("contract_stage") in {None, StepEventStatus.SKIPPED}


def test_the_failed_gate_was_told_without_anything_personal(ui: Ui, webhook, finished_shop: Run):
    posts, _ = webhook
    for _ in range(3 * MINUTES):  # the sensor looks every 30 seconds
        failures = [post["text"] for post in posts if "failed" in post["text"]]
        if failures:
            break
        time.sleep(1)
    (text,) = failures
    subject, why, link = text.splitlines()
    assert subject == f"Warehouse small_shop: daily_refresh as of {finished_shop.as_of} failed"
    rows = r"\((\d+) of \1 rows fail\)\."
    assert re.fullmatch(rf"check_raw_demo_shop: raw/demo_shop/orders: statuses are those of the shop {rows}", why)
    assert re.fullmatch(rf"{ui.url}/runs/[0-9a-f-]{{36}}", link)
    people = finished_shop.warehouse_query("""
        select unnest([email, phone, first_name || ' ' || last_name, last_name]) as text from contract.customers
        union
        select unnest([email, phone, first_name || ' ' || last_name, last_name]) from contract.contacts
    """)
    personal = {*people["text"].dropna().str.lower()}
    assert len(personal) > 500
    assert {known for known in personal if re.search(rf"\b{re.escape(known)}\b", text.lower())} == set()


def test_no_page_asks_another_machine(ui: Ui):
    assert ui.elsewhere == []
    with closing(sqlite3.connect(ui.home.dagster / "history" / "runs.db")) as history:
        assert history.execute("select count(*) from runs").fetchone()[0] >= 3
    assert not (ui.home.folder / ".dagster" / ".telemetry").exists()
