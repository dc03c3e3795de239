"""dbt's models as Dagster assets, in six stages, each one in-process dbt call; subsets are honoured.

contract_stage (staging, contract), identity_stage (who shares what with whom), core_stage (customers, daily facts),
as_of_stage (facts as of the partition's date), segment_stage (segments of that date) and insight_stage (what happens
around them, over all snapshots). A run for several dates begins by writing the snapshots of all but the last one.
What a model says stands in dbt/, what it depends on in translator.py.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import cache
from graphlib import TopologicalSorter
from typing import Any

from dagster import (
    AssetCheckKey,
    AssetCheckResult,
    AssetCheckSeverity,
    AssetExecutionContext,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    PartitionsDefinition,
)
from dagster_dbt import dbt_assets
from dagster_dbt.asset_utils import get_asset_check_key_for_test

from dagster_project.automation import FIRST_OF_THE_DATE, DatesConfig, run_dates
from dagster_project.ledger import UNCHANGED
from dagster_project.pace import Pace
from dagster_project.transform.catalogue import validate_catalogue
from dagster_project.transform.observation import observe
from dagster_project.transform.project import DbtProject, raise_failures
from dagster_project.transform.translator import WarehouseTranslator
from dagster_project.warehouse import check_as_of, open_warehouse

WRITER_POOL = "warehouse_writer"
SLOW_SECONDS = 1
BUILT = {"success", "pass", "unchanged"}


def build_dbt_assets(
    project: DbtProject,
    translator: WarehouseTranslator,
    daily: PartitionsDefinition,
    write_past_date: Callable[[date], int],
) -> Sequence[AssetsDefinition]:
    """The six stages as multi-assets; `write_past_date` writes the snapshot of an earlier date than the run's last."""

    @cache
    def check_catalogue() -> None:
        """Once a process, whichever of the stages that read the catalogue comes first."""
        validate_catalogue(project.folder)

    def begin_date(context: AssetExecutionContext) -> str:
        """What a stage of the as-of group does before its models; returns the date to build."""
        check_catalogue()
        as_of = run_dates(context)[-1]
        if FIRST_OF_THE_DATE not in context.selected_asset_keys:
            with open_warehouse(project.home.warehouse) as warehouse:
                check_as_of(warehouse, as_of, {FIRST_OF_THE_DATE.path[1]: FIRST_OF_THE_DATE.path[0]})
        return as_of.isoformat()

    def begin_range(context: AssetExecutionContext, config: DatesConfig) -> str:
        """What the first of those stages does: the same, after the snapshots of earlier dates."""
        check_catalogue()
        *chosen, as_of = run_dates(context)
        past = sorted({*chosen, *config.month_ends(before=as_of)})
        for number, day in enumerate(past, 1):
            rows = write_past_date(day)
            context.log.info(f"{day}: snapshot of {rows:,} customers, date {number} of {len(past) + 1}")
        return begin_date(context)

    return [
        _stage("contract_stage", project, translator),
        _stage("identity_stage", project, translator),
        _stage("core_stage", project, translator),
        _first_stage("as_of_stage", project, translator, daily, begin_range),
        _stage("segment_stage", project, translator, daily, begin_date),
        _stage("insight_stage", project, translator, daily, begin_date),
    ]


def _stage(
    name: str,
    project: DbtProject,
    translator: WarehouseTranslator,
    partitions_def: PartitionsDefinition | None = None,
    begin: Callable[[AssetExecutionContext], str | None] = lambda context: None,
) -> AssetsDefinition:
    """A stage; `begin` does what comes before its models and returns the as-of date, if it has one."""

    @_assets_of(name, project, translator, partitions_def)
    def stage(context: AssetExecutionContext) -> Iterator[MaterializeResult | AssetCheckResult]:
        yield from _build(context, project, translator, begin(context))

    return stage


def _first_stage(
    name: str,
    project: DbtProject,
    translator: WarehouseTranslator,
    partitions_def: PartitionsDefinition,
    begin: Callable[[AssetExecutionContext, DatesConfig], str],
) -> AssetsDefinition:
    """The stage that begins the as-of group, and can be told to write snapshots of earlier dates besides."""

    @_assets_of(name, project, translator, partitions_def)
    def stage(context: AssetExecutionContext, config: DatesConfig) -> Iterator[MaterializeResult | AssetCheckResult]:
        yield from _build(context, project, translator, begin(context, config))

    return stage


def _assets_of(
    name: str, project: DbtProject, translator: WarehouseTranslator, partitions_def: PartitionsDefinition | None
) -> Callable[..., AssetsDefinition]:
    # Models of platforms that this source does not use have no raw tables: they are no assets of its.
    unused = [f"fqn:warehouse.staging.{platform}" for platform in project.unused_platforms]
    return dbt_assets(
        manifest=project.manifest,
        name=name,
        select=f"tag:{name}",
        exclude=" ".join(unused) or None,
        partitions_def=partitions_def,
        backfill_policy=BackfillPolicy.single_run() if partitions_def else None,
        dagster_dbt_translator=translator,
        pool=WRITER_POOL,
    )


def _build(
    context: AssetExecutionContext, project: DbtProject, translator: WarehouseTranslator, as_of: str | None
) -> Iterator[MaterializeResult | AssetCheckResult]:
    nodes = _selected(context, project, translator)
    with Pace(context.log.info, "dbt", "models and tests") as pace:
        results, unchanged = project.refresh(nodes, as_of, _progress(context, pace))
    yield from _events(context, results, unchanged, project, translator)
    raise_failures(results)


def _selected(context: AssetExecutionContext, project: DbtProject, translator: WarehouseTranslator) -> list[str]:
    """Ids of the dbt nodes of the assets and checks that this step was asked for."""
    manifest = project.manifest
    nodes = [
        node_id
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] in {"model", "seed", "snapshot"}
        and translator.get_asset_key(node) in context.selected_asset_keys
    ]
    tests = [
        node_id
        for node_id, node in manifest["nodes"].items()
        if node["resource_type"] == "test"
        and get_asset_check_key_for_test(manifest, translator, node_id, None) in context.selected_asset_check_keys
    ]
    return nodes + tests


def _progress(context: AssetExecutionContext, pace: Pace) -> Callable[[Any], None]:
    """What is done at an event of dbt: count, and tell of slow models."""

    def log(event: Any) -> None:
        # Every line is a row in Dagster's event log: only what takes its time is worth one.
        name, data = event.info.name, event.data
        if name == "ConcurrencyLine":
            pace.total = data.node_count
        elif name == "NodeFinished":
            pace.advance()
        elif name == "LogModelResult" and data.execution_time >= SLOW_SECONDS:
            context.log.info(f"dbt {data.index}/{data.total} {data.description}: {data.execution_time:.1f} s")

    return log


def _events(
    context: AssetExecutionContext,
    results: Sequence[Any],
    unchanged: Collection[str],
    project: DbtProject,
    translator: WarehouseTranslator,
) -> Iterator[MaterializeResult | AssetCheckResult]:
    """What Dagster is told of each node, parents first: what dbt says of those that were built; of those that nothing
    changed for, that they stand as if they had been built now."""
    manifest = project.manifest
    built = {result.node.unique_id: result for result in results}
    status = {**dict.fromkeys(unchanged, "unchanged"), **{node: str(result.status) for node, result in built.items()}}
    ordered = [node for node in TopologicalSorter(manifest["parent_map"]).static_order() if node in status]
    standing = [
        manifest["nodes"][node]
        for node in ordered
        if manifest["nodes"][node]["resource_type"] != "test" and status[node] in BUILT
    ]
    built_now = [built[node["unique_id"]].node for node in standing if node["unique_id"] in built]
    observed = observe(project, standing, built_now, context.log.warning)
    for node_id in ordered:
        node, result = manifest["nodes"][node_id], built.get(node_id)
        if node["resource_type"] == "test":
            key = get_asset_check_key_for_test(manifest, translator, node_id, None)
            if key and status[node_id] != "skipped":
                yield _check_result(key, status[node_id] in BUILT, result)
        elif status[node_id] in BUILT:
            made = {"seconds": round(result.execution_time, 3)} if result else UNCHANGED
            yield MaterializeResult(asset_key=translator.get_asset_key(node), metadata={**made, **observed[node_id]})


def _check_result(key: AssetCheckKey, passed: bool, result: Any | None) -> AssetCheckResult:
    """What Dagster is told of a dbt test; one without a result stands as it was."""
    failures = (result.failures or 0) if result else 0
    said = (
        f"{failures:,} rows fail." if failures else "No row fails." if result else "Nothing has changed since it held."
    )
    return AssetCheckResult(
        asset_key=key.asset_key,
        check_name=key.name,
        passed=passed,
        severity=AssetCheckSeverity.ERROR,
        description=said,
        metadata={"failing_rows": failures} if result else UNCHANGED,
    )
