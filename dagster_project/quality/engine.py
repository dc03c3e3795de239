"""Engine: runs a suite on a batch inside DuckDB and says what it found.

A gate opens one database (or none, for Parquet files), runs suites and closes it again:

    with open_gate(warehouse) as gate:
        result = gate.validate(table_batch("contract", "orders"), suite)

All expectations of a suite run in one validation, as a few aggregate queries over the whole batch. Those that
fail are then looked at one by one, for counts and samples. Only what a suite names is shown of a failing row.

Belongs here: what a batch is and what failing means. Does not belong here: Great Expectations' classes
(gx_on_duckdb.py, imported when the first gate opens) and Dagster (checks.py).
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb

from dagster_project import sql
from dagster_project.quality.results import ExpectationResult, SuiteResult
from dagster_project.quality.suites import ROW_QUERY, Expectation, Suite, is_personal

SAMPLES = 5
# In a small batch one bad row is a large share, and still only a bad row: this many never fail a `mostly`.
FEW = 10

_NUMBER = (int, float, Decimal)
_OF_VALUES = re.compile(r"expect_column_(?!to_exist|values?_|pair_)")
_MISSING_COLUMN = re.compile(r'Referenced column "([^"]+)" not found')
_MISSING_TABLE = re.compile(r"Table with name (\S+) does not exist")
_ERROR_IN_SQL = re.compile(r"\b((?:Binder|Catalog|Parser) Error: [^\n]+)")
_ERROR_KIND = re.compile(r"\b([A-Z][A-Za-z]*(?: [A-Z][A-Za-z]*)* Error):")
_BIND = re.compile(r"(?<![:\w\\]):(?=\w)")


@dataclass(frozen=True)
class Batch:
    """What a suite runs on: a label for people and a query that DuckDB answers."""

    label: str
    query: str


def table_batch(schema: str, table: str) -> Batch:
    """A table or view of the open database."""
    return Batch(f"{schema}/{table}", f'select * from "{schema}"."{table}"')


def parquet_batch(label: str, files: Sequence[Path]) -> Batch:
    """The rows of some Parquet files, whatever columns each of them has."""
    listed = ", ".join(sql.text(file) for file in files)
    options = "union_by_name = true, hive_partitioning = false"
    return Batch(label, f"select * from read_parquet([{listed}], {options})")


def facts_batch(label: str, facts: Mapping[str, bool | int | str]) -> Batch:
    """One row of facts that stand in no table."""
    columns = ", ".join(f"{_literal(value)} as {sql.name(name)}" for name, value in facts.items())
    return Batch(label, f"select {columns}")


@contextmanager
def open_gate(database: Path | None = None) -> Iterator["Gate"]:
    """A gate on a DuckDB file, or on no database; the file is free again afterwards."""
    from dagster_project.quality import gx_on_duckdb

    session = gx_on_duckdb.Session(database)
    try:
        yield Gate(session, gx_on_duckdb)
    finally:
        session.close()


class Gate:
    """Runs suites through one open session."""

    def __init__(self, session: Any, gx: Any) -> None:
        self._session = session
        self._gx = gx

    def validate(self, batch: Batch, suite: Suite) -> SuiteResult:
        """Run a suite, its parameters filled, on a batch."""
        try:
            opened = self._session.batch(batch.query)
        except duckdb.Error as error:
            lost = ExpectationResult("its rows can be read", False, 0, reason=_plain(str(error)))
            return SuiteResult(batch.label, 0, (lost,))

        known = [_without_running(each, opened.columns, opened.rows) for each in suite.expectations]
        asked = [each for each, result in zip(suite.expectations, known, strict=True) if result is None]
        found = iter(self._run(opened, suite, asked))
        return SuiteResult(batch.label, opened.rows, tuple(result or next(found) for result in known))

    def _run(self, opened: Any, suite: Suite, asked: Sequence[Expectation]) -> list[ExpectationResult]:
        """How expectations come out, in their order."""
        holds = self._gx.judge(opened, suite.name, [_runnable(expectation) for expectation in asked])
        return [
            ExpectationResult(expectation.sentence, True, opened.rows)
            if success
            else self._look(opened, suite, expectation)
            for expectation, success in zip(asked, holds, strict=True)
        ]

    def _look(self, opened: Any, suite: Suite, expectation: Expectation) -> ExpectationResult:
        """What is wrong, of an expectation that did not hold together with the others of its suite."""
        sample = [column for column in expectation.sample if column in opened.columns]
        shape = _result_format(expectation, sample)
        success, found, error = self._gx.inspect(opened, suite.name, _runnable(expectation), shape)
        result = ExpectationResult(expectation.sentence, success, opened.rows)
        if error:
            return replace(result, success=False, reason=_plain(error))
        if expectation.type == ROW_QUERY:
            return _row_query_result(result, expectation, found)
        if "unexpected_count" in found:
            samples = _samples(found.get("partial_unexpected_index_list") or [], sample)
            counted = replace(result, failing=found["unexpected_count"], samples=samples)
            return _forgiven(counted, expectation)
        if expectation.type == "expect_table_columns_to_match_set":
            missing = set(expectation.kwargs["column_set"]) - opened.columns
            return replace(result, reason=f"missing: {', '.join(sorted(missing)) or 'none'}")
        return replace(result, reason=_observed(found.get("observed_value"), expectation))


def _without_running(expectation: Expectation, columns: Collection[str], rows: int) -> ExpectationResult | None:
    """What is known of an expectation before it runs: a column is missing, or there are no values."""
    missing = [column for column in expectation.columns if column not in columns]
    if missing:
        return ExpectationResult(expectation.sentence, False, rows, reason=f"column {missing[0]} is missing")
    if rows == 0 and _OF_VALUES.match(expectation.type):
        return ExpectationResult(expectation.sentence, True, 0)
    return None


def _runnable(expectation: Expectation) -> Expectation:
    """The expectation as Great Expectations takes it: of a row query the SQL alone, `{batch}` a table in it.

    Great Expectations formats the query with str.format, aliases the batch or not depending on joins, and has
    SQLAlchemy look for `:name`; none of that should bother the author of a suite.
    """
    if expectation.type != ROW_QUERY:
        return expectation
    author = expectation.kwargs["unexpected_rows_query"].strip().rstrip(";")
    rows = author.replace("{batch}", "batch").replace("{", "{{").replace("}", "}}")
    query = f"with batch as (select * from {{batch}}) select * from (\n{rows}\n) as failing"
    return replace(expectation, kwargs={"unexpected_rows_query": _BIND.sub(r"\:", query)})


def _result_format(expectation: Expectation, sample: Sequence[str]) -> dict[str, Any]:
    """How much Great Expectations should report: the rows of a row query, else counts and a few ids."""
    if expectation.type == ROW_QUERY:
        return {"result_format": "COMPLETE"}
    shape: dict[str, Any] = {"result_format": "SUMMARY", "partial_unexpected_count": SAMPLES}
    return {**shape, "unexpected_index_column_names": list(sample)} if sample else shape


def _row_query_result(
    result: ExpectationResult, expectation: Expectation, found: Mapping[str, Any]
) -> ExpectationResult:
    """A row query fails by the share of rows it selects; about a table, by selecting any."""
    failing = found["observed_value"]
    rows = found["details"]["unexpected_rows"]
    if expectation.about == "table":
        facts = [
            f"{column.replace('_', ' ')}: {_shown(rows[0][column], grouped=True)}"
            for column in expectation.sample
            if rows and column in rows[0]
        ]
        return replace(result, failing=failing, reason=", ".join(facts) or "it does not hold")
    allowed = (1 - expectation.kwargs.get("mostly", 1)) * result.rows
    success = failing <= allowed + 1e-9
    counted = replace(result, success=success, failing=failing, samples=_samples(rows, expectation.sample))
    return _forgiven(counted, expectation)


def _observed(value: Any, expectation: Expectation) -> str:
    """What a column's aggregate is; only a number is shown, a text may be somebody's."""
    shown = isinstance(value, _NUMBER) and not any(map(is_personal, expectation.columns))
    return f"it is {value:,}" if shown else "it does not hold"


def _forgiven(result: ExpectationResult, expectation: Expectation) -> ExpectationResult:
    """The result, passed where the expectation is about most rows and only a few fail."""
    allows_some = "mostly" in expectation.kwargs
    return replace(result, success=True) if allows_some and result.failing <= FEW else result


def _samples(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that may be shown, of the first failing rows."""
    shown = [[_shown(row[column]) for column in columns if column in row] for row in rows[:SAMPLES]]
    return tuple(" ".join(values) for values in shown if values)


def _shown(value: Any, *, grouped: bool = False) -> str:
    if value is None:
        return "NULL"
    return f"{value:,}" if grouped and isinstance(value, _NUMBER) else str(value)


def _plain(error: str) -> str:
    """An error of the database in a few words; a message that is not about SQL may quote somebody's data."""
    if match := _MISSING_COLUMN.search(error):
        return f"column {match.group(1)} is missing"
    if match := _MISSING_TABLE.search(error):
        return f"table {match.group(1)} is missing"
    told = _ERROR_IN_SQL.search(error) or _ERROR_KIND.search(error)
    return f"it cannot be computed: {told.group(1)}" if told else "it cannot be computed"


def _literal(value: bool | int | str) -> str:
    return sql.text(value) if isinstance(value, str) else str(value).lower()
