"""How the suites of the warehouse are tested: a good database, and one fault at a time in a copy of it."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import duckdb

from dagster_project.quality.engine import open_gate, table_batch
from dagster_project.quality.suites import EXPECTATIONS, Suite, load_suite


def stage_suites(stage: str, parameters: Mapping[str, object]) -> dict[str, Suite]:
    """Every shipped suite of a stage, by table."""
    names = sorted(path.stem for path in (EXPECTATIONS / stage).glob("*.yml"))
    return {name: load_suite(f"{stage}/{name}").filled(parameters) for name in names}


def sentences(suites: Mapping[str, Suite]) -> set[tuple[str, str]]:
    """Every expectation of the suites, as table and sentence."""
    return {(name, each.sentence) for name, suite in suites.items() for each in suite.expectations}


def database(path: Path, sql: str) -> Path:
    """A DuckDB file made by some SQL."""
    with duckdb.connect(str(path)) as connection:
        connection.execute(sql)
    return path


def faulty(good: Path, folder: Path, fault: str) -> Path:
    """A copy of a good database with a fault, of the same name so that its views hold."""
    copy = Path(shutil.copy(good, folder / good.name))
    return database(copy, fault)


def failures(path: Path, suite: Suite, schema: str) -> dict[str, str]:
    """Sentence and full text of each expectation of a suite that fails."""
    with open_gate(path) as gate:
        results = gate.validate(table_batch(schema, suite.name.rpartition("/")[2]), suite).results
    return {result.sentence: result.text for result in results if not result.success}
