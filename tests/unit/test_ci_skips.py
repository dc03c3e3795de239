"""In CI a skipped test is a failed one, unless it says why CI cannot run it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

CONFTEST = Path(__file__).parents[1] / "conftest.py"
TEST_FILES = {
    "test_call.py": "import pytest\ndef test_a():\n    pytest.skip({reason!r})\n",
    "test_mark.py": "import pytest\n@pytest.mark.skip(reason={reason!r})\ndef test_a():\n    pass\n",
    "test_module.py": "import pytest\npytest.skip({reason!r}, allow_module_level=True)\n",
    "test_expected_failure.py": "import pytest\ndef test_a():\n    pytest.xfail({reason!r})\n",
    "test_passes.py": "def test_a():\n    pass\n",
}


def _summary(tmp_path: Path, reason: str, ci: str) -> tuple[int, str]:
    """The exit code and the last line of a pytest run over one test of each kind."""
    shutil.copy(CONFTEST, tmp_path / "conftest.py")
    for name, text in TEST_FILES.items():
        (tmp_path / name).write_text(text.format(reason=reason))
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--continue-on-collection-errors",
    ]
    run = subprocess.run(
        [*command, str(tmp_path)], cwd=tmp_path, env=os.environ | {"CI": ci}, capture_output=True, text=True
    )
    return run.returncode, run.stdout.splitlines()[-1]


def test_skips_fail_in_ci(tmp_path: Path):
    code, summary = _summary(tmp_path, "no data", ci="true")
    assert code == 1
    assert summary.startswith("1 failed, 1 passed, 1 xfailed, 2 errors")


def test_skips_are_skips_elsewhere(tmp_path: Path):
    code, summary = _summary(tmp_path, "no data", ci="")
    assert code == 0
    assert summary.startswith("1 passed, 3 skipped, 1 xfailed")


def test_skips_that_ci_cannot_help_stay_skips(tmp_path: Path):
    code, summary = _summary(tmp_path, "not in CI: needs Java", ci="true")
    assert code == 0
    assert summary.startswith("1 passed, 3 skipped, 1 xfailed")
