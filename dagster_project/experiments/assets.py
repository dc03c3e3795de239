"""Experiments as a Dagster asset: drawn on their eve, judged on every date.

Writes exchange/experiment_result.parquet, from which dbt makes the mart. What is said of an experiment
stands in results.py.
"""

from collections.abc import Sequence

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    PartitionsDefinition,
    asset,
)

from dagster_project.automation import SNAPSHOT, run_dates
from dagster_project.experiments.config import Experiment, check_experiments
from dagster_project.home import Home
from dagster_project.ledger import files_version
from dagster_project.owners import CUSTOMER_ANALYTICS
from dagster_project.parquet import standing_file, write_parquet
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import exchange_key
from dagster_project.warehouse import check_as_of, open_warehouse

RESULT = exchange_key("experiment_result")
TABLES = ["core.int_customer_address", "core.int_customer_redirect", "core.fct_customer_daily"]
READ = [SNAPSHOT, *(AssetKey(table.split(".")) for table in TABLES)]


def build_experiment_asset(
    project: DbtProject, home: Home, daily: PartitionsDefinition, experiments: Sequence[Experiment]
) -> AssetsDefinition:
    """The asset that draws the source's experiments and says how each stands as of the run's date."""

    @asset(
        key=RESULT,
        deps=READ,
        group_name="insights",
        kinds={"scipy", "parquet"},
        owners=CUSTOMER_ANALYTICS,
        partitions_def=daily,
        backfill_policy=BackfillPolicy.single_run(),
        pool=WRITER_POOL,
    )
    def experiment_result(context: AssetExecutionContext) -> MaterializeResult:
        """Each experiment's arms: who is in them from its eve on, and what they did once its last day is over."""
        from dagster_project.experiments.results import assign_and_judge

        as_of = run_dates(context)[-1]
        check_experiments(experiments, project.folder)
        path = home.exchange / "experiment_result.parquet"
        drawn = files_version([home.snapshot(as_of), *home.experiments.glob("*.parquet")])
        made = project.made("exchange.experiment_result", path, TABLES, as_of, experiments, drawn)
        if made.stands():
            return MaterializeResult(metadata=standing_file(path))
        with open_warehouse(home.warehouse) as warehouse:
            check_as_of(warehouse, as_of, {"int_customer_address": "core"})
            rows = assign_and_judge(warehouse, home, as_of, experiments)
            warehouse.register("experiment_result", rows)
            count = write_parquet(warehouse, "from experiment_result", path)
        made.note()
        for experiment, status, reason in rows[["experiment", "status", "reason"]].drop_duplicates().values:
            if status in {"not_assigned", "refused"}:
                context.log.warning(f"The experiment {experiment} has no result: {reason}.")
        return MaterializeResult(metadata={"dagster/row_count": count})

    return experiment_result
