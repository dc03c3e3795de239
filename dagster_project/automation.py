"""When things run: the daily partitions, the two jobs and the daily schedule. What runs stands with the assets."""

from collections.abc import Sequence
from datetime import timedelta

from dagster import (
    AssetsDefinition,
    AssetSelection,
    DailyPartitionsDefinition,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    define_asset_job,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition

from dagster_project.sources.config import Source

DAILY_REFRESH = "daily_refresh"
RECOMPUTE = "recompute"
EVERY_NIGHT = "0 3 * * *"


def daily_partitions(source: Source) -> DailyPartitionsDefinition:
    """One partition a business day in the shop's zone, today's included for a run before midnight."""
    return DailyPartitionsDefinition(start_date=source.first_day.isoformat(), timezone=source.time_zone, end_offset=1)


def build_jobs(
    as_of_group: Sequence[AssetsDefinition],
) -> Sequence[UnresolvedAssetJobDefinition]:
    """daily_refresh runs everything; recompute the as-of group alone, which touches no source."""
    return [
        define_asset_job(
            DAILY_REFRESH,
            AssetSelection.all(),
            description="Extract, transform and publish, as of a date.",
        ),
        define_asset_job(
            RECOMPUTE,
            AssetSelection.assets(*as_of_group),
            description="The marts as of any date, from what is already extracted; publishes no date older than "
            "the published one.",
        ),
    ]


def build_schedule(source: Source) -> ScheduleDefinition:
    """daily_refresh every night for the day that just ended in the shop's zone; off until switched on."""

    @schedule(cron_schedule=EVERY_NIGHT, execution_timezone=source.time_zone, job_name=DAILY_REFRESH)
    def daily(context: ScheduleEvaluationContext) -> RunRequest:
        """The whole warehouse as of yesterday."""
        yesterday = context.scheduled_execution_time.date() - timedelta(days=1)
        return RunRequest(partition_key=yesterday.isoformat())

    return daily
