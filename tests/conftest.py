"""What all tests share: where real data lies, and that CI skips no test that it could run.

Fixtures that only some tests need do not belong here.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

REAL_DATA = Path(__file__).parents[2] / "shared" / "data"
# A developer's own .env is none of the tests' business.
os.environ["PYTHON_DOTENV_DISABLED"] = "1"
MAY_SKIP_IN_CI = "Skipped: not in CI:"


@pytest.fixture(scope="session")
def real_data() -> Callable[[str], Path]:
    """The path of real data (a file or folder) beside the checkout; skips the test where it is missing."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(f"needs the real data {name} in ../shared/data")
        return path

    return find


def _refuse_skip_in_ci(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip into a failure where CI is set, unless its reason starts with 'not in CI:'."""
    if not os.environ.get("CI") or not report.skipped or hasattr(report, "wasxfail"):
        return
    reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
    if not reason.startswith(MAY_SKIP_IN_CI):
        report.outcome = "failed"
        report.longrepr = f"skipped, but CI runs every test: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    """Let no test be skipped in CI."""
    report = yield
    _refuse_skip_in_ci(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector):
    """Let no module be skipped in CI."""
    report = yield
    _refuse_skip_in_ci(report)
    return report
