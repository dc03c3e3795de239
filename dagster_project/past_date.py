"""The snapshot of a date without the rest of a run: the models that it is made of, the prediction, and the gates;
and the draw of experiments that start the day after.

A run for a range of dates computes all but its last date so: of those dates nothing is published, and history reads
snapshots. What the models say stands in dbt/, what the gates expect in expectations/.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from dagster_project.errors import WarehouseError
from dagster_project.experiments.assignment import assign_due
from dagster_project.experiments.config import Experiment, check_experiments
from dagster_project.home import Home
from dagster_project.transform.project import DbtProject, raise_failures

# What ends up in a snapshot, and what the gates of its stages look at besides.
FACTS = [f"+{model},tag:as_of_stage" for model in ("customer_segments", "int_purchase_history", "money_reconciliation")]
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

    def write_past_date(as_of: date) -> int:
        from dagster_project.prediction.assets import write_prediction
        from dagster_project.prediction.rules import load_rules
        from dagster_project.publish.snapshots import write_snapshot
        from dagster_project.warehouse import open_warehouse

        due = [experiment for experiment in experiments if experiment.eve == as_of]
        check_experiments(due, project.folder)
        _build(project, FACTS + ADDRESSES if due else FACTS, "core", as_of, parameters)
        with open_warehouse(home.warehouse) as warehouse:
            write_prediction(warehouse, home.exchange, as_of, load_rules(project.folder))
        _build(project, SEGMENTS, "segments", as_of, parameters)
        _, rows = write_snapshot(home, as_of)
        with open_warehouse(home.warehouse) as warehouse:
            assign_due(warehouse, home, as_of, due)
        return rows

    return write_past_date


def _build(project: DbtProject, select: list[str], gate: str, as_of: date, parameters: Mapping[str, Any]) -> None:
    """Build a selection of models for a date, and hold what was built against the suites of its gate."""
    from dagster_project.quality.engine import open_gate, table_batch
    from dagster_project.quality.suites import load_suites

    results = project.build(select, as_of.isoformat())
    raise_failures(results, about=f"As of {as_of}: ")
    built = {result.node.alias for result in results}
    suites = load_suites(gate, project.tables(gate))
    with open_gate(project.home.warehouse) as opened:
        judged = [
            opened.validate(table_batch(gate, table), suite.filled(parameters))
            for table, suite in suites.items()
            if table in built
        ]
    if failures := [failure for result in judged for failure in result.failures]:
        raise PastDateError(f"As of {as_of}: " + "\n".join(failures))
