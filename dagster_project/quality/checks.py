"""Checks: the gates as Dagster asset checks, one op a gate.

Each checked asset gets one blocking check named `expectations`. All checks of a gate run in one op: when one
fails the op fails, and nothing downstream of any asset of that gate runs.

Belongs here: Dagster. Does not belong here: running suites (engine.py) and what is expected (expectations/).
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dagster import (
    AssetCheckExecutionContext,
    AssetCheckResult,
    AssetChecksDefinition,
    AssetCheckSpec,
    AssetKey,
    DagsterInstance,
    MetadataValue,
    multi_asset_check,
)

from dagster_project.ledger import UNCHANGED, digest, files_version, python_version, read_ledger, record
from dagster_project.pace import Pace
from dagster_project.quality.engine import Gate, facts_batch, open_gate, parquet_batch, table_batch
from dagster_project.quality.extraction import Extraction, ExtractionError
from dagster_project.quality.results import ExpectationResult, SuiteResult, findings, markdown
from dagster_project.quality.suites import EXPECTATIONS, Suite, load_suite, load_suites
from dagster_project.warehouse import open_warehouse

CHECK_NAME = "expectations"
FINDINGS = "findings"  # what an alert may say of a check that failed

Versions = Callable[[Mapping[str, str], Collection[str]], Mapping[str, str]]


@dataclass(frozen=True)
class Memory:
    """Where it is noted what passed, so that a table that is as it was then is not looked at again.

    warehouse  the file whose ledger it is
    versions   by table (schema.name) the version of what it holds, as the ledger has it
    """

    warehouse: Path
    versions: Versions


@dataclass(frozen=True)
class Judge:
    """How a table is judged in a run.

    judged_by  values that change with what it is judged by, and with files that it is judged on
    results    the judgement
    reads      the tables of the warehouse (schema.name) that are looked at
    """

    judged_by: object
    results: Callable[[Gate], list[SuiteResult]]
    reads: Collection[str] = ()


def build_raw_checks(
    system: str,
    platform: str,
    tables: Collection[str],
    *,
    home: Path,
    parameters: Mapping[str, Any],
    memory: Memory,
    platform_tables: Collection[str] = (),
    root: Path = EXPECTATIONS,
) -> AssetChecksDefinition:
    """The gate behind one system's extraction: what this run landed, table by table.

    `platform_tables` are tables that the platform may have but this system does not extract.
    """
    landing = load_suite("raw/landing", root).filled(parameters)
    suites = load_suites(f"raw/{platform}", {*tables, *platform_tables}, root)

    def judge(key: AssetKey, instance: DagsterInstance) -> Judge:
        suite = suites.get(key.path[-1])
        extraction = _latest_extraction(instance, key)
        files = [] if isinstance(extraction, ExtractionError) else [home / file for file in extraction.files]
        return Judge(
            [landing, suite, extraction, files_version(files)],
            lambda gate: _judge_landing(gate, "/".join(key.path), extraction, files, landing, suite),
        )

    return _gate(
        f"check_raw_{system}",
        judge,
        {AssetKey(["raw", system, table]): suites.get(table, landing).sentence for table in tables},
        memory,
    )


def build_table_checks(
    stage: str,
    tables: Collection[AssetKey],
    *,
    parameters: Mapping[str, Any],
    memory: Memory,
    pool: str | None = None,
    root: Path = EXPECTATIONS,
) -> AssetChecksDefinition:
    """The gate behind a stage: its suites on tables of the warehouse, whose keys are schema and name.

    The names are unique among `tables`, and a suite of the stage without its table is an error.
    """
    keys = {key.path[-1]: key for key in tables}
    if len(keys) < len(tables):
        raise ValueError(f"two tables of the {stage} gate have one name: {sorted(key.path for key in tables)}")
    suites = {table: suite.filled(parameters) for table, suite in load_suites(stage, keys, root).items()}

    def judge(key: AssetKey, _: DagsterInstance) -> Judge:
        suite = suites[key.path[-1]]
        reads = sorted({_name(key), *suite.tables})
        return Judge(suite, lambda gate: [gate.validate(table_batch(*key.path), suite)], reads)

    sentences = {keys[table]: suites[table].sentence for table in suites}
    return _gate(f"check_{stage}", judge, sentences, memory, database=memory.warehouse, pool=pool)


def _gate(
    name: str,
    judge: Callable[[AssetKey, DagsterInstance], Judge],
    sentences: Mapping[AssetKey, str],
    memory: Memory,
    database: Path | None = None,
    pool: str | None = None,
) -> AssetChecksDefinition:
    """One op that judges those of the selected assets that are not as they were when they passed."""

    @multi_asset_check(
        name=re.sub(r"\W", "_", name),
        specs=[AssetCheckSpec(CHECK_NAME, asset=key, blocking=True, description=sentences[key]) for key in sentences],
        can_subset=True,
        compute_kind="greatexpectations",
        pool=pool,
    )
    def check(context: AssetCheckExecutionContext) -> Iterator[AssetCheckResult]:
        selected = {key.asset_key for key in context.selected_asset_check_keys}
        judges = {key: judge(key, context.instance) for key in sentences if key in selected}
        with open_warehouse(memory.warehouse) as warehouse:
            held = read_ledger(warehouse)
        versions = _versions(judges, memory, held)
        due = {key: judge for key, judge in judges.items() if versions[key] != held.get(_entry(key))}
        outcomes = {}
        if due:
            with open_gate(database) as gate, Pace(context.log.info, name, "tables", len(due)) as pace:
                for key, table in due.items():
                    outcomes[key] = _check_result(key, table.results(gate))
                    pace.advance()
            passed = {key: versions[key] if outcome.passed else None for key, outcome in outcomes.items()}
            with open_warehouse(memory.warehouse) as warehouse:
                record(warehouse, {_entry(key): version for key, version in passed.items()})
        for key in judges:
            outcome = outcomes.get(key) or _unchanged_result(key)
            if not outcome.passed:
                context.log.error(outcome.description)
            yield outcome

    return check


def _name(key: AssetKey) -> str:
    return ".".join(key.path)


def _entry(key: AssetKey) -> str:
    """What the ledger calls the expectations of a table."""
    return f"gate {_name(key)}"


def _versions(judges: Mapping[AssetKey, Judge], memory: Memory, held: Mapping[str, str]) -> Mapping[AssetKey, str]:
    """What each table would be judged by and on, as one hash."""
    tables = memory.versions(held, [table for judge in judges.values() for table in judge.reads])
    return {
        key: digest(python_version(), judge.judged_by, [tables[table] for table in judge.reads])
        for key, judge in judges.items()
    }


def _latest_extraction(instance: DagsterInstance, key: AssetKey) -> Extraction | ExtractionError:
    """What the latest extraction of a table says of itself, or why that is not known."""
    event = instance.get_latest_materialization_event(key)
    if event is None or event.asset_materialization is None:
        return ExtractionError("no run has extracted it")
    try:
        return Extraction.of(event.asset_materialization.metadata)
    except ExtractionError as error:
        return error


def _judge_landing(
    gate: Gate,
    label: str,
    extraction: Extraction | ExtractionError,
    files: Sequence[Path],
    landing_suite: Suite,
    suite: Suite | None,
) -> list[SuiteResult]:
    """The facts of the latest landing, then the rows that it brought."""
    if isinstance(extraction, ExtractionError):
        unknown = ExpectationResult("its last landing is known", False, 0, reason=str(extraction))
        return [SuiteResult(label, 0, (unknown,))]
    facts = gate.validate(facts_batch(label, extraction.facts()), landing_suite)
    if suite is None:
        return [replace(facts, rows=extraction.rows)]
    if not files:
        return [facts, SuiteResult(label, 0, (), note="nothing new landed, so no values are checked")]
    return [facts, gate.validate(parquet_batch(label, files), suite)]


def _unchanged_result(key: AssetKey) -> AssetCheckResult:
    return AssetCheckResult(
        asset_key=key,
        check_name=CHECK_NAME,
        passed=True,
        description="Nothing has changed since its expectations held.",
        metadata=UNCHANGED,
    )


def _check_result(key: AssetKey, suites: Sequence[SuiteResult]) -> AssetCheckResult:
    """What Dagster keeps and shows of a check."""
    results = [result for suite in suites for result in suite.results]
    failures = [failure for suite in suites for failure in suite.failures]
    rows = suites[-1].rows
    return AssetCheckResult(
        asset_key=key,
        check_name=CHECK_NAME,
        passed=not failures,
        description="\n".join(failures) or f"{len(results)} expectations hold ({rows:,} rows)",
        metadata={
            "expectations": MetadataValue.md(markdown(suites)),
            "checked": len(results),
            "failed": len(failures),
            "rows": rows,
            FINDINGS: findings(suites),
        },
    )
