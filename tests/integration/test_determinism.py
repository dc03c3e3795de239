"""The same raw rows in another order, transformed on another number of threads, give the same published rows.

Does not belong here: another day or another load of the same data (test_daily_runs.py).
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from tests.integration.conftest import Run, differing_tables


def _reversed_home(run: Run, folder: Path) -> Path:
    """A home with nothing but the raw files of a run, the rows of each in reverse, and the simulated shop."""
    if run.home.demo.exists():
        shutil.copytree(run.home.demo, folder / "demo")
    for file in _raw_files(run.home.folder):
        reverse = folder / file
        reverse.parent.mkdir(parents=True, exist_ok=True)
        _write_reversed(run.home.folder / file, reverse)
    return folder


def _raw_files(home: Path) -> list[Path]:
    return sorted(path.relative_to(home) for path in (home / "raw").rglob("*.parquet"))


def _write_reversed(file: Path, reverse: Path) -> None:
    """The same file with its last row first; extraction knows it again by its fingerprint."""
    with duckdb.connect() as connection:
        metadata = connection.execute("select decode(key), decode(value) from parquet_kv_metadata(?)", [str(file)])
        fingerprint = dict(metadata.fetchall())["fingerprint"]
        connection.execute(f"""
            copy (
                select * exclude (file_row_number)
                from read_parquet('{file}', file_row_number = true)
                order by file_row_number desc
            ) to '{reverse}' (format parquet, kv_metadata {{fingerprint: '{fingerprint}'}})
        """)


@pytest.fixture(scope="module")
def reversed_shop(run_source: Callable[..., Run], small_shop, finished_shop: Run, tmp_path_factory) -> Run:
    home = _reversed_home(finished_shop, tmp_path_factory.mktemp("reversed") / "home")
    return run_source(**small_shop, as_of=finished_shop.as_of, home=home, threads=1)


@pytest.fixture(scope="module")
def reversed_journey(run_source: Callable[..., Run], finished_journey: Run, tmp_path_factory) -> Run:
    home = _reversed_home(finished_journey, tmp_path_factory.mktemp("reversed") / "home")
    return run_source("complete_journey", home=home, threads=1)


@pytest.fixture(params=["shop", "journey"])
def runs(request) -> tuple[Run, Run]:
    """A run on two threads, and one on one thread over the same raw files in reverse."""
    return request.getfixturevalue(f"finished_{request.param}"), request.getfixturevalue(f"reversed_{request.param}")


def test_nothing_lands_again(runs: tuple[Run, Run]):
    forward, backward = runs
    assert _raw_files(backward.home.folder) == _raw_files(forward.home.folder)


def test_every_published_row_is_the_same(runs: tuple[Run, Run]):
    forward, backward = runs
    assert differing_tables(forward.home.published, backward.home.published) == []


def test_affinity_is_among_them(runs: tuple[Run, Run]):
    for run in runs:
        assert (
            run.query("select count(*) as primary_categories from seg_category_affinity where is_primary").iloc[0, 0]
            > 0
        )
