"""What reading leaves behind, and clears: copies of the source's rows stay no longer than the reading."""

import subprocess
import sys
from pathlib import Path

import pytest

from dagster_project.home import Home
from dagster_project.sources.readers.connection import open_connection

# Copies rows, tells that this is done, and reads on until its input ends.
READ = """
import sys
from pathlib import Path
from dagster_project.home import Home
from dagster_project.sources.readers.connection import open_connection

with open_connection(Home(Path(sys.argv[1]))) as (_, folder):
    (folder / "rows.csv").write_text("email\\nada@example.com\\n")
    print("reading", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def other_reader(tmp_path: Path):
    """A process that reads the same home."""
    command = [sys.executable, "-c", READ, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "reading\n"
        yield process


def _copies(home: Path) -> list[Path]:
    return list(home.glob("reading/*/rows.csv"))


def test_what_a_killed_reading_left_is_cleared_by_the_next(other_reader, tmp_path: Path):
    other_reader.kill()
    other_reader.wait()
    assert _copies(tmp_path)
    with open_connection(Home(tmp_path)):
        assert not _copies(tmp_path)


def test_what_another_reading_needs_stays(other_reader, tmp_path: Path):
    with open_connection(Home(tmp_path)) as (_, folder):
        assert _copies(tmp_path)
    assert _copies(tmp_path)
    assert not folder.exists()


def test_reading_uses_as_much_of_the_machine_as_the_settings_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("WAREHOUSE_MEMORY_MB", "1024")
    monkeypatch.setenv("WAREHOUSE_THREADS", "1")
    with open_connection(Home(tmp_path)) as (connection, _):
        used = connection.execute("select current_setting('threads'), current_setting('memory_limit')").fetchone()
    assert used == (1, "976.5 MiB")  # 1,024,000,000 bytes


def test_duckdb_spills_into_the_home(tmp_path: Path):
    with open_connection(Home(tmp_path)) as (connection, folder):
        connection.execute("set memory_limit = '64MB'")
        connection.execute(
            "create temp table numbers as select range as number, hash(range) as code from range(4000000)"
        )
        connection.execute("select number from numbers order by code limit 1 offset 3000000").fetchone()
        assert any((folder / "spilled").iterdir())
    assert not folder.exists()
