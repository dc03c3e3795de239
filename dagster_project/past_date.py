"""The snapshot of a date without the rest of a run: the models that it is made of, the prediction, the
recommendations, and the gates; and the draw of experiments that start the day after.

A run computes so what it was asked for beside its own date, the last one: of those dates nothing is published, and
history reads snapshots. What the models say stands in dbt/, what the gates expect in expectations/.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import cache
from typing import TYPE_CHECKING, Any

from dagster_project.errors import WarehouseError
from dagster_project.experiments.assignment import assign_due
from dagster_project.experiments.config import Experiment, check_experiments
from dagster_project.home import Home
from dagster_project.transform.project import DbtProject, raise_failures

if TYPE_CHECKING:
    from dagster_project.quality.suites import Suite

# What ends up in a snapshot, and what the gates of its stages look at besides.
ENDS = ("customer_segments", "int_purchase_history", "int_customer_interest", "money_reconciliation")
FACTS = [f"+{model},tag:as_of_stage" for model in ENDS]
ADDRESSES = ["+int_customer_address,tag:as_of_stage"]
SEGMENTS = ["+customer_segments,tag:segment_stage"]


class PastDateError(WarehouseError):
    """A date of a range did not pass a gate; the message says which expectation, and no snapshot was written."""


def build_past_date(
    project: DbtProject, home: Home, parameters: Mapping[str, Any], experiments: Sequence[Experiment]
) -> Callable[[date], int]:
    """A function that writes the snapshot of a date and returns its number of customers.

    It raises TransformError where a model fails and PastDateError where a gate does.
    """

    @cache
    def suites(stage: str) -> Mapping[str, "Suite"]:
        """A gate's suites, by table; read once a process."""
        from dagster_project.quality.suites import load_suites

        loaded = load_suites(stage, project.tables(stage))
        return {table: suite.filled(parameters) for table, suite in loaded.items()}

    def write_past_date(as_of: date) -> int:
        from dagster_project.prediction.assets import refresh_prediction
        from dagster_project.publish.snapshots import write_snapshot
        from dagster_project.recommendation.assets import refresh_recommendations
        from dagster_project.warehouse import open_warehouse

        due = [experiment for experiment in experiments if experiment.eve == as_of]
        check_experiments(due, project.folder)
        _build(project, FACTS + ADDRESSES if due else FACTS, "core", suites("core"), as_of)
        refresh_prediction(project, home, as_of)
        refresh_recommendations(project, home, as_of)
        _build(project, SEGMENTS, "segments", suites("segments"), as_of)
        _, rows = write_snapshot(home, as_of)
        with open_warehouse(home.warehouse) as warehouse:
            assign_due(warehouse, home, as_of, due)
        return rows

    return write_past_date


def _build(project: DbtProject, select: Sequence[str], schema: str, suites: Mapping[str, "Suite"], as_of: date) -> None:
    """Build a selection of models for a date, and hold those of the schema that have a suite against it."""
    from dagster_project.quality.engine import open_gate, table_batch

    results = project.build(select, as_of.isoformat())
    raise_failures(results, about=f"As of {as_of}: ")
    built = {result.node.alias for result in results}
    with open_gate(project.home.warehouse) as gate:
        judged = [gate.validate(table_batch(schema, table), suites[table]) for table in suites if table in built]
    if failures := [failure for result in judged for failure in result.failures]:
        raise PastDateError(f"As of {as_of}: " + "\n".join(failures))
