"""Opens every chart and dashboard of a Superset in headless Chromium: a screenshot of each, exit code 1 on an error.

Runs in the environment that try.sh makes; how Superset gets there stands in try.sh.
"""

import json
import re
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

# What Superset shows instead of a chart, or above a page.
ERRORS = ".ant-alert-error, .ant-alert-warning, .missing-chart-container, [data-test='error-message']"
LOADING = "[data-test='loading-indicator'], .loading"
EMPTY = ".slice_container .ant-empty"  # the marts have no rows for it yet, as movements after one snapshot
DRAWN = f":is([data-test='chart-container'], .slice_container) :is(canvas, table, .header-line), {EMPTY}"
WAIT_MS = 120_000


def main(address: str, password: str, chromium: str, screenshots: Path) -> int:
    """Look at everything; returns the number of charts and dashboards that show an error."""
    _wait_for(address)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1600, "height": 1000})
        page.set_default_timeout(WAIT_MS)
        # Not by the form: a beacon of that page can end the session that the form began.
        page.request.post(f"{address}/login/", form={"username": "admin", "password": password})
        charts = _listed(page, address, "chart", "slice_name")
        dashboards = _listed(page, address, "dashboard", "dashboard_title")
        if not charts or not dashboards:
            sys.exit("Superset has no chart or no dashboard: the bundle was not imported.")
        places = [
            *((f"/explore/?slice_id={number}&standalone=1", name, 1) for number, name in charts),
            *((f"/superset/dashboard/{number}/?standalone=2", name, len(charts)) for number, name in dashboards),
        ]
        faults = [name for path, name, count in places if not _look(page, address + path, name, count, screenshots)]
        browser.close()
    print(f"Charts: {len(charts)}, dashboards: {len(dashboards)}, with an error: {len(faults)}.")
    return len(faults)


def _listed(page: Page, address: str, kind: str, title: str) -> list[tuple[int, str]]:
    answer = json.loads(page.request.get(f"{address}/api/v1/{kind}/?q=(page_size:100)").text())
    return [(entry["id"], entry[title]) for entry in answer["result"]]


def _look(page: Page, address: str, name: str, count: int, screenshots: Path) -> bool:
    """Whether a page shows as many charts as it should, and no error."""
    page.set_viewport_size({"width": 1600, "height": 1000 if count == 1 else 3700})
    page.goto(address)
    page.wait_for_function(
        """([errors, loading, drawn, count]) => document.querySelector(errors)
            || (!document.querySelector(loading) && document.querySelectorAll(drawn).length >= count)""",
        arg=[ERRORS, LOADING, DRAWN, count],
    )
    page.wait_for_timeout(2_000)  # charts are drawn with an animation
    page.screenshot(path=screenshots / f"{re.sub(r'[^a-z]+', '_', name.lower())}.png")
    said = page.locator(ERRORS).all_inner_texts()
    print(f"{name}: {' '.join(said) or ('no rows' if page.locator(EMPTY).count() else 'fine')}", flush=True)
    return not said


def _wait_for(address: str) -> None:
    for _ in range(240):
        try:
            urllib.request.urlopen(f"{address}/health")
            return
        except urllib.error.URLError:
            time.sleep(0.5)
    sys.exit(f"Superset does not answer at {address}: its log says why.")


if __name__ == "__main__":
    sys.exit(1 if main(*sys.argv[1:4], Path(sys.argv[4])) else 0)
