"""Great Expectations on DuckDB: the only file that imports Great Expectations and the only one that mends it.

Importing it takes seconds, so nothing imports this file before a gate opens.

**The mend.** Great Expectations 1.24.1 gives a connection back to SQLAlchemy before it fetches its rows, and
SQLAlchemy rolls back what it is given. On DuckDB a rollback discards the rows. A gate only reads, so it
connects without transactions (`ReadingConnection`) and nothing is rolled back. The other way, adding `duckdb`
to Great Expectations' private `_PERSISTED_CONNECTION_DIALECTS`, still rolls back after a failed query, and
with it the temporary views that are the batches.

Belongs here: what must know Great Expectations' classes. Does not belong here: what a result means.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import duckdb
import great_expectations
from duckdb_engine import ConnectionWrapper
from great_expectations.data_context import EphemeralDataContext
from great_expectations.data_context.types.base import ProgressBarsConfig
from great_expectations.datasource.fluent.interfaces import Batch
from great_expectations.expectations.expectation_configuration import ExpectationConfiguration

from dagster_project.quality.suites import Expectation, SuiteError
from dagster_project.warehouse import engine_settings, open_warehouse

_session_numbers = count(1)


@cache
def context() -> EphemeralDataContext:
    """The process's one context: nothing on disk, nothing sent, no bars, no tracebacks in the log."""
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    made = great_expectations.get_context(mode="ephemeral")
    made.enable_analytics(enable=False)
    made.variables.progress_bars = ProgressBarsConfig(globally=False)
    return made


class ReadingConnection(ConnectionWrapper):
    """The mend: without transactions, rows outlive the rollback that SQLAlchemy asks for."""

    def begin(self) -> None:
        """Nothing: every query stands alone."""

    def commit(self) -> None:
        """Nothing to commit."""

    def rollback(self) -> None:
        """Nothing to undo."""


@dataclass(frozen=True)
class OpenBatch:
    """A query as Great Expectations sees it, with what every suite needs to know of it first."""

    gx: Batch
    columns: frozenset[str]
    rows: int


class Session:
    """One DuckDB connection that Great Expectations reads through, from opening to `close`."""

    def __init__(self, database: Path | None) -> None:
        # Just as dbt connects: DuckDB refuses a second connection with another configuration to an open file,
        # and duckdb-engine's own way of connecting would add a user agent.
        self._connection = open_warehouse(database) if database else duckdb.connect(config=engine_settings())
        self._connection.execute("set TimeZone = 'UTC'")
        self._name = f"gate_{next(_session_numbers)}"
        self._batch_numbers = count(1)
        self._source = context().data_sources.add_sql(
            self._name,
            connection_string="duckdb:///:memory:",
            kwargs={"creator": lambda: ReadingConnection(self._connection)},
        )

    def batch(self, query: str) -> OpenBatch:
        """A batch over a query: a temporary view, so that no rows are copied."""
        name = f"batch_{next(self._batch_numbers)}"
        self._connection.execute(f"create temporary view {name} as {query}")
        relation = self._connection.sql(f"select * from {name}")
        asset = self._source.add_query_asset(name, query=f"select * from {name}")
        return OpenBatch(
            gx=asset.add_batch_definition_whole_table(name).get_batch(),
            columns=frozenset(relation.columns),
            rows=relation.count("*").fetchall()[0][0],
        )

    def close(self) -> None:
        """Let go of the database, so that the next one in this process may open it."""
        self._source.get_execution_engine().close()
        context().data_sources.delete(self._name)
        self._connection.close()


def judge(batch: OpenBatch, suite: str, expectations: Sequence[Expectation]) -> list[bool]:
    """Which expectations hold, in one validation; one that cannot be computed does not hold."""
    results = _validate(batch, suite, expectations, "BOOLEAN_ONLY")
    holds = {result.expectation_config.meta["place"]: bool(result.success) for result in results}
    return [holds[place] for place in range(len(expectations))]


def inspect(
    batch: OpenBatch, suite: str, expectation: Expectation, result_format: Mapping[str, Any]
) -> tuple[bool, dict[str, Any], str]:
    """One expectation alone: whether it holds, what was found, and the error where it cannot be computed."""
    (result,) = _validate(batch, suite, [expectation], dict(result_format))
    return bool(result.success), dict(result.result), _error(dict(result.exception_info or {}))


def _validate(
    batch: OpenBatch, suite: str, expectations: Sequence[Expectation], result_format: str | dict[str, Any]
) -> list[Any]:
    made = great_expectations.ExpectationSuite(
        name=suite,
        expectations=[_built(expectation, suite, place) for place, expectation in enumerate(expectations)],
    )
    return batch.gx.validate(made, result_format=result_format).results


def _built(expectation: Expectation, suite: str, place: int) -> Any:
    """The expectation as Great Expectations' own object; wrong arguments are refused in one sentence."""
    configuration = ExpectationConfiguration(
        type=expectation.type, kwargs=dict(expectation.kwargs), meta={"place": place}
    )
    try:
        return configuration.to_domain_obj()
    except Exception as error:
        why = " ".join(str(error).split())
        raise SuiteError(f"{suite}: “{expectation.sentence}” has wrong kwargs ({why})") from error


def _error(exception_info: dict[str, Any]) -> str:
    """The message of the exception that Great Expectations caught, else nothing."""
    infos = [exception_info] if "raised_exception" in exception_info else exception_info.values()
    return next((str(info["exception_message"]) for info in infos if info["raised_exception"]), "")
