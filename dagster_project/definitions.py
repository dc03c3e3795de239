"""Assembly of the Dagster definitions, and nothing else: every piece is built in its own module."""

from functools import partial
from pathlib import Path

from dagster import AssetKey, AssetsDefinition, Definitions, definitions, in_process_executor, map_asset_specs

from dagster_project.alerts import alert_sender, build_alerts
from dagster_project.automation import build_jobs, build_schedule, daily_partitions
from dagster_project.erasure.assets import build_erasure_asset
from dagster_project.experiments.assets import build_experiment_asset
from dagster_project.home import Home
from dagster_project.past_date import build_past_date
from dagster_project.prediction.assets import build_prediction_assets
from dagster_project.progress import progress
from dagster_project.publish.assets import build_postgresql_assets, build_publish_assets
from dagster_project.publish.audience_config import load_audiences, merge_fields
from dagster_project.quality.checks import Memory, build_raw_checks, build_table_checks
from dagster_project.recommendation.assets import build_recommendation_asset
from dagster_project.settings import Settings, load_settings
from dagster_project.sources.assets import build_raw_assets
from dagster_project.sources.config import load_source
from dagster_project.transform.assets import WRITER_POOL, build_dbt_assets
from dagster_project.transform.catalogue import load_catalogue
from dagster_project.transform.identity import build_identity_asset
from dagster_project.transform.phone import build_phone_asset
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars
from dagster_project.transform.rejected_lines import build_rejected_lines_asset
from dagster_project.transform.translator import WarehouseTranslator, with_exchange_columns


def build_definitions(settings: Settings, dbt_folder: Path = DBT_FOLDER) -> Definitions:
    """Everything that the source of the settings needs, under their home; a test may give another dbt project."""
    source = load_source(settings)
    home = Home(settings.warehouse_home.resolve())
    project = DbtProject(dbt_folder, home, dbt_vars(source), settings.warehouse_threads)
    translator = WarehouseTranslator(source)
    daily = daily_partitions(source)

    parameters = {"max_quarantined_share": settings.warehouse_max_quarantined_share}
    past_date = build_past_date(project, home, parameters, source.experiments)
    dbt_stages = build_dbt_assets(project, translator, daily, past_date)
    contract_stage, _, _, as_of_stage, segment_stage, insight_stage = dbt_stages
    prediction_assets = build_prediction_assets(project, home, daily)
    recommendation_asset = build_recommendation_asset(project, home, daily)
    segments = {segment.name: segment.for_each for segment in load_catalogue(dbt_folder)}
    audiences = load_audiences(settings, source, segments, merge_fields(project.manifest))
    publish_assets = [
        *build_publish_assets(project, home, daily, settings.warehouse_daily_snapshots, audiences),
        *build_postgresql_assets(project, home, daily, settings),
    ]
    experiment_asset = build_experiment_asset(project, home, daily, source.experiments)
    as_of_group = [
        as_of_stage, *prediction_assets, recommendation_asset, segment_stage, experiment_asset, insight_stage,
        *publish_assets,
    ]  # fmt: skip
    memory = Memory(home.warehouse, project.table_versions)
    gate = {"pool": WRITER_POOL, "parameters": parameters, "memory": memory}
    python_assets = [
        *build_raw_assets(source, home),
        build_rejected_lines_asset(source, home),
        build_erasure_asset(project, source, home),
        build_phone_asset(project, source, home),
        build_identity_asset(project, home),
        *prediction_assets,
        recommendation_asset,
        experiment_asset,
        *publish_assets,
    ]
    return Definitions(
        assets=[*dbt_stages, *map_asset_specs(partial(with_exchange_columns, project.manifest), python_assets)],
        asset_checks=[
            *(
                build_raw_checks(
                    system.name,
                    system.platform,
                    tuple(system.tables),
                    home=home.folder,
                    parameters=parameters,
                    memory=memory,
                    platform_tables=project.platform_tables(system.platform),
                )
                for system in source.systems
            ),
            build_table_checks("contract", _keys(contract_stage, "contract"), **gate),
            build_table_checks("core", _keys(as_of_stage, "core"), **gate),
            build_table_checks("segments", _keys(segment_stage, "segments"), **gate),
            build_table_checks("insights", _keys(insight_stage, "insights"), **gate),
        ],
        jobs=build_jobs(as_of_group),
        schedules=[build_schedule(source)],
        sensors=build_alerts(alert_sender(settings)),
        executor=in_process_executor,
        loggers={"progress": progress},
    )


def _keys(stage: AssetsDefinition, *schemas: str) -> list[AssetKey]:
    return [key for key in stage.keys if key.path[0] in schemas]


@definitions
def defs() -> Definitions:
    """What Dagster loads; nothing happens at import."""
    return build_definitions(load_settings())
