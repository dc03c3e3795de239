"""Every shell command in the README and the docs runs as it is written there, in the order of the documents, in a
checkout that has the default home of one `make run`.

What cannot run here is named with the reason. What a command prints is shown by the tests of what it does.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from markdown_it import MarkdownIt

pytestmark = pytest.mark.data
ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
NOT_CHECKED_OUT = shutil.ignore_patterns(
    ".superset", ".git", ".venv", ".warehouse", ".bench", "target", "logs", "__pycache__", ".*_cache"
)

# Commands that do not run here, each with the reason.
NOT_HERE = {
    "make test": "these tests themselves",
    "make bench": "takes several minutes of the whole machine",
    "bi/superset/try.sh": "installs Superset, which takes several minutes, and needs Chromium",
}
# What stands for the reader's own files, as real data that lie beside the checkout.
PLACES = {"path/to/online_retail.parquet": "online_retail/online_retail.parquet", "path/to/olist": "olist_sample"}


def _blocks() -> list[tuple[str, str]]:
    """(where, script) of each block of shell commands."""
    return [
        (f"{path.name}:{token.map[0] + 1}", token.content)
        for path in DOCUMENTS
        for token in MarkdownIt().parse(path.read_text())
        if token.type == "fence" and token.info == "sh"
    ]


def _command(line: str) -> str:
    return re.sub(r"(^|\s+)#.*", "", line).strip()


BLOCKS = _blocks()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    # Files keep their times, so that make finds the environment up to date.
    folder = Path(shutil.copytree(ROOT, tmp_path_factory.mktemp("docs") / "checkout", ignore=NOT_CHECKED_OUT))
    (folder / ".venv").symlink_to(ROOT / ".venv")
    _run(folder, "make run")
    return folder


def _run(folder: Path, script: str) -> None:
    given = {name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "PYTHONPATH")}
    finished = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script], cwd=folder, env=given, capture_output=True, text=True, timeout=900
    )
    assert finished.returncode == 0, finished.stdout[-2000:] + finished.stderr[-2000:]


@pytest.mark.parametrize("script", [script for _, script in BLOCKS], ids=[where for where, _ in BLOCKS])
def test_a_block_of_commands_runs_as_written(checkout: Path, real_data: Callable[[str], Path], script: str):
    lines = [line for line in script.splitlines(keepends=True) if _command(line) not in NOT_HERE]
    runnable = "".join(lines)
    for place, data in PLACES.items():
        if place in runnable:
            runnable = runnable.replace(place, str(real_data(data)))
    _run(checkout, runnable)


def test_what_does_not_run_here_is_documented():
    commands = {_command(line) for _, script in BLOCKS for line in script.splitlines()}
    assert set(NOT_HERE) <= commands
