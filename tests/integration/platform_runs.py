"""How tests of platforms run them: a planted shop in a real database, extracted twice with changes between.

The entry is the one that sources.example.yml shows. What a platform's rows become does not belong here.
"""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from sqlalchemy import Connection

from tests.integration.conftest import Run
from tests.integration.databases import Server, new_database, shown

EXAMPLE = Path(__file__).parents[2] / "sources.example.yml"


@contextmanager
def run_twice(
    run_source: Callable[..., Run],
    source: str,
    as_of: str,
    server: Server,
    plant: Callable[[Connection], None],
    change: Callable[[Connection], None],
    later: Path,
) -> Iterator[tuple[Run, Run]]:
    """A run on what `plant` writes, and one on a copy of its home, in `later`, eight days after it and after `change`.

    The variable that the entry of that name takes its URL from is set. Of so few rows any share may be quarantined.
    """
    with new_database(server) as engine, pytest.MonkeyPatch.context() as patch:
        with engine.begin() as shop:
            plant(shop)
        patch.setenv(f"{source.removeprefix('my_').upper()}_DATABASE_URL", shown(engine.url))
        patch.setenv("WAREHOUSE_MAX_QUARANTINED_SHARE", "1")
        first = run_source(source, sources_file=EXAMPLE, as_of=as_of)
        home = Path(shutil.copytree(first.home.folder, later / "home", symlinks=True))
        for state in (home / "raw").rglob("_source.json"):
            make_older(state, timedelta(days=8))
        with engine.begin() as shop:
            change(shop)
        yield first, run_source(source, sources_file=EXAMPLE, as_of=as_of, home=home)


def rows(run: Run, query: str) -> list[tuple[Any, ...]]:
    """Rows of the pipeline's own database, money as decimals."""
    return _rows(run.home.warehouse, query)


def published(run: Run, query: str) -> list[tuple[Any, ...]]:
    """Rows of the published database, money as decimals."""
    return _rows(run.home.published / "marts.duckdb", query)


def _rows(database: Path, query: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(query).fetchall()


def make_older(state: Path, age: timedelta) -> None:
    """Let the last comparison of a table with its source be that much longer ago."""
    said = json.loads(state.read_text())
    said["compared_at"] = (datetime.fromisoformat(said["compared_at"]) - age).isoformat()
    state.write_text(json.dumps(said))
