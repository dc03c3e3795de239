"""What `make run` says while it runs: plain lines in a pipe, a live line on a terminal, and how far long steps are."""

import os
import pty
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dagster_project import pace
from dagster_project.pace import Pace
from dagster_project.settings import PROJECT_FOLDER

# A job as `make run` runs one, whose long step counts a hundred rows.
SCRIPT = """
import time
from dagster import Definitions, MaterializeResult, asset
from dagster_project import pace
from dagster_project.progress import progress

pace.EVERY_SECONDS = 0.2

@asset
def short(): pass

@asset(deps=[short])
def long(context):
    with pace.Pace(context.log.info, "rows of orders", "rows", total=100) as counted:
        for _ in range(10):
            time.sleep(0.1)
            counted.advance(10)

job = Definitions(assets=[short, long], loggers={"progress": progress}).resolve_implicit_global_asset_job_def()
job.execute_in_process(run_config={"loggers": {"progress": {}}})
"""
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def command(folder: Path) -> dict[str, object]:
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "TERM": "xterm-256color", "COLUMNS": "100"}
    return {"args": [sys.executable, "-W", "ignore", "-c", SCRIPT], "cwd": PROJECT_FOLDER, "env": environment}


def on_a_terminal(folder: Path) -> str:
    """What a terminal gets."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(**command(folder), stdout=theirs, stderr=subprocess.DEVNULL, stdin=theirs)
    os.close(theirs)
    written = b""
    while True:
        try:
            chunk = os.read(ours, 4096)
        except OSError:  # the other end is closed
            break
        if not chunk:
            break
        written += chunk
    os.close(ours)
    assert process.wait() == 0
    return written.decode()


def test_in_a_pipe_there_are_plain_lines_alone(tmp_path: Path):
    done = subprocess.run(**command(tmp_path), capture_output=True, text=True, check=True)
    assert "\x1b" not in done.stdout and "\r" not in done.stdout
    lines = done.stdout.splitlines()
    assert re.fullmatch(r"  short +\d\.\d s", lines[0]) and re.fullmatch(r"  long +\d\.\d s", lines[-1])
    told = [
        re.fullmatch(r"  rows of orders: (\d+) of 100 rows after \d s, [\d,]+ a second", line) for line in lines[1:-1]
    ]
    counts = [int(line[1]) for line in told]
    assert len(counts) >= 3 and counts == sorted(counts) and 0 < counts[0] < counts[-1] <= 100


def test_on_a_terminal_the_step_that_is_on_is_seen_and_gone_in_the_end(tmp_path: Path):
    written = on_a_terminal(tmp_path)
    assert "\x1b[?25l" in written and written.rindex("\x1b[?25h") > written.rindex("\x1b[?25l")  # the cursor is back
    frames = [CONTROL.sub("", frame) for frame in re.split(r"[\r\n]+", written)]
    assert any(re.search(r"1/2 .*0:00:0\d long", frame) for frame in frames)
    assert any(re.fullmatch(r"  rows of orders: \d+ of 100 rows after .*", frame) for frame in frames)
    assert any(re.fullmatch(r"  short +\d\.\d s", frame) for frame in frames)
    # What lives is erased: after the last line of the run nothing is left but control.
    assert not CONTROL.sub("", written[written.rindex(" s\r\n") + 4 :].split("\x1b[2K")[-1]).strip()


def test_a_line_says_what_is_done_and_how_fast():
    counted = Pace(print, "dbt", "models", total=1200)
    counted.advance(600)
    assert counted.line(12.0) == "dbt: 600 of 1,200 models after 12 s, 50 a second"
    assert Pace(print, "orders", "MB", measure=lambda: 3).line(6.0) == "orders: 3 MB after 6 s, 0.5 a second"


def test_a_step_that_is_done_soon_says_nothing(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "EVERY_SECONDS", 30)
    said: list[str] = []
    started = time.monotonic()
    with Pace(said.append, "dbt", "models"):
        pass
    assert said == [] and time.monotonic() - started < 5
