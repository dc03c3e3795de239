"""The last assets of a run: the date's snapshot, the publication that readers see, and its copy in PostgreSQL."""

import json
from functools import partial

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    PartitionsDefinition,
    asset,
)

from dagster_project.automation import FRESHNESS, SNAPSHOT, run_dates
from dagster_project.home import Home
from dagster_project.ledger import files_version
from dagster_project.owners import CUSTOMER_ANALYTICS
from dagster_project.pace import Pace
from dagster_project.parquet import standing_file
from dagster_project.publish.audience_config import Audiences
from dagster_project.publish.audiences import READ as TABLES_OF_AUDIENCES
from dagster_project.publish.manifest import read_manifest
from dagster_project.publish.marts import public_marts
from dagster_project.settings import Settings
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import column_schema

PUBLICATION = AssetKey(["published", "marts"])
DOCUMENTATION = "dbt_docs.html"
POSTGRESQL = AssetKey(["published", "postgresql"])
AUDIENCE_CUSTOMER = AssetKey(["segments", "int_audience_customer"])


def build_publish_assets(
    project: DbtProject, home: Home, daily: PartitionsDefinition, daily_snapshots: int, audiences: Audiences
) -> list[AssetsDefinition]:
    """The snapshot, and the publication with the audiences, as of the run's date; `daily_snapshots` of the former are
    kept."""
    public = public_marts(project.manifest)
    tables = {mart.name: mart.schema for mart in public}
    read = [f"{schema}.{name}" for name, schema in {**tables, **TABLES_OF_AUDIENCES}.items()]
    common = {
        "group_name": "published",
        "owners": CUSTOMER_ANALYTICS,
        "freshness_policy": FRESHNESS,
        "partitions_def": daily,
        "backfill_policy": BackfillPolicy.single_run(),
        "pool": WRITER_POOL,
    }

    @asset(
        key=SNAPSHOT,
        deps=[AssetKey(["segments", "customer_segments"])],
        kinds={"python", "parquet"},
        metadata={"dagster/column_schema": column_schema(project.manifest, "customer_segments")},
        **common,
    )
    def snapshot(context: AssetExecutionContext) -> MaterializeResult:
        """The wide customer table of the date: what history, events and transitions are read from."""
        from dagster_project.publish.snapshots import write_snapshot

        as_of = run_dates(context)[-1]
        made = project.made(f"snapshot {as_of}", home.snapshot(as_of), ["segments.customer_segments"])
        if made.stands():
            return MaterializeResult(metadata=standing_file(home.snapshot(as_of)))
        path, rows = write_snapshot(home, as_of)
        made.note()
        return MaterializeResult(metadata={"dagster/row_count": rows, "file": home.relative(path)})

    @asset(
        key=PUBLICATION,
        deps=[SNAPSHOT, AUDIENCE_CUSTOMER, *(AssetKey([schema, name]) for name, schema in tables.items())],
        kinds={"duckdb", "parquet"},
        **common,
    )
    def marts(context: AssetExecutionContext) -> MaterializeResult:
        """Every public mart as DuckDB database and as Parquet, the audiences, and report.html, a page for people. A
        date older than the published one stays out, unless somebody was erased who still stands in that one."""
        from dagster_project.publish.metrics import metrics_folder
        from dagster_project.publish.publication import holds_erased, publish, published_as_of, unfinished_bytes
        from dagster_project.publish.report.page import FILE as REPORT
        from dagster_project.publish.report.page import write_report
        from dagster_project.publish.snapshots import drop_old_snapshots

        as_of = run_dates(context)[-1]
        standing = published_as_of(home)
        is_published = standing is None or as_of >= standing or holds_erased(home)
        assignments = files_version([*home.experiments.glob("*.parquet")])
        made = project.made("publication", home.published / "manifest.json", read, as_of, audiences, assignments)
        if is_unchanged := made.stands():
            manifest = read_manifest(home.published)
        elif is_published:
            name = "/".join(PUBLICATION.path)
            with Pace(context.log.info, name, "MB", measure=lambda: unfinished_bytes(home) // 1_000_000):
                manifest = publish(
                    home,
                    context.run.run_id,
                    as_of,
                    tables,
                    audiences,
                    {mart.name: mart.order_by for mart in public if mart.order_by},
                    {**metrics_folder(project.semantic_manifest), DOCUMENTATION: project.documentation()},
                    partial(
                        write_report,
                        as_of=as_of,
                        currency=project.vars["shop_currency"],
                        standing=read_manifest(home.published),
                    ),
                )
            made.note()
        else:
            manifest = None
        said = {"run_id": context.run.run_id, "as_of_date": as_of.isoformat(), "is_published": is_published}
        path = home.run_report(context.run.run_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(said, indent=2) + "\n")
        if manifest is None:
            context.log.info(f"{as_of} is older than the published {standing}: the publication stands.")
            return MaterializeResult(metadata={"published": False, "publication_as_of": str(standing)})
        # A date that was computed again and is not published is meant to be looked at: nothing goes before the next.
        dropped = drop_old_snapshots(home, daily_snapshots)
        return MaterializeResult(
            metadata={
                "published": True,
                "unchanged": is_unchanged,
                "publication_as_of": as_of.isoformat(),
                "report": home.relative(home.published / REPORT),
                "snapshots_dropped": len(dropped),
                "rows": MetadataValue.json({name: table["rows"] for name, table in manifest["tables"].items()}),
                "audiences": MetadataValue.json(manifest["audiences"]),
                "documentation": MetadataValue.path(home.relative(home.published / DOCUMENTATION)),
            }
        )

    return [snapshot, marts]


def build_postgresql_assets(
    project: DbtProject, home: Home, daily: PartitionsDefinition, settings: Settings
) -> list[AssetsDefinition]:
    """The publication in PostgreSQL, where the settings name a database; else nothing."""
    if settings.warehouse_publish_postgres is None:
        return []
    url, schema = settings.warehouse_publish_postgres.get_secret_value(), settings.warehouse_publish_schema

    @asset(
        key=POSTGRESQL,
        deps=[PUBLICATION],
        kinds={"postgres"},
        owners=CUSTOMER_ANALYTICS,
        freshness_policy=FRESHNESS,
        group_name="published",
        partitions_def=daily,
        backfill_policy=BackfillPolicy.single_run(),
    )
    def postgresql(context: AssetExecutionContext) -> MaterializeResult:
        """The current publication as a schema of a PostgreSQL database, which replaces the former one as a whole."""
        from dagster_project.publish.postgres import publish_to_postgres

        is_written = publish_to_postgres(home.published, public_marts(project.manifest), url, schema)
        return MaterializeResult(metadata={"schema": schema, "unchanged": not is_written})

    return [postgresql]
