"""The SQL of models, tests and macros as dbt compiles it, to be run on a test's own rows.

Belongs here: compiling, and a warehouse in memory whose tables bear the names that such SQL reads. What the SQL has
to yield does not belong here.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import yaml
from dbt.cli.main import dbtRunner

from dagster_project import sql
from dagster_project.transform.project import DBT_FOLDER, release_warehouse

VARS = {"shop_time_zone": "UTC", "shop_currency": "EUR", "as_of_date": "2026-06-30", "systems": []}
BOUNDARY = "\n-- the next text --\n"
SEEDS = DBT_FOLDER / "seeds" / "segments"


def compiled_nodes(home: Path, names: Sequence[str]) -> dict[str, str]:
    """The SQL of each model or test of that name."""
    nodes = _compile(home, ["--select", *names, "--indirect-selection", "empty"])
    compiled = {node.name: node.compiled_code for node in nodes}
    assert set(compiled) == set(names)
    return compiled


def compiled_texts(home: Path, texts: Sequence[str]) -> list[str]:
    """Each text with its macros expanded, in one call of dbt."""
    (node,) = _compile(home, ["--inline", BOUNDARY.join(texts)])
    return node.compiled_code.split(BOUNDARY)


def _compile(home: Path, arguments: Sequence[str]) -> list:
    folders = ["--project-dir", str(DBT_FOLDER), "--profiles-dir", str(DBT_FOLDER)]
    folders += ["--target-path", str(home / "target"), "--log-path", str(home / "logs"), "--log-level", "none"]
    variables = json.dumps({**VARS, "home": home.as_posix()})
    try:
        outcome = dbtRunner().invoke(["compile", *arguments, *folders, "--vars", variables])
    finally:
        release_warehouse()
    assert outcome.success, outcome.exception
    return [result.node for result in outcome.result]


def memory_warehouse(*seeds: str) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory with those seeds of the segments in it, each with the types that its YAML declares."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse")
    for schema in ("core", "segments", "insights"):
        connection.execute(f"create schema warehouse.{schema}")
    declared = {seed["name"]: seed for seed in yaml.safe_load((SEEDS / "_segments__seeds.yml").read_text())["seeds"]}
    for seed in seeds:
        columns = ", ".join(
            f"cast({name} as {data_type}) as {name}"
            for name, data_type in declared[seed]["config"]["column_types"].items()
        )
        path = sql.text(SEEDS / f"{seed}.csv")
        connection.execute(f"create table warehouse.segments.{seed} as select {columns} from read_csv({path})")
    return connection
