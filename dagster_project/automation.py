"""When things run and when they are late: the daily partitions, the two jobs, the daily schedule. What runs stands with
the assets."""

from collections.abc import Sequence
from datetime import date, timedelta

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSelection,
    Config,
    DailyPartitionsDefinition,
    FreshnessPolicy,
    RunRequest,
    ScheduleDefinition,
    ScheduleEvaluationContext,
    define_asset_job,
    schedule,
)
from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition
from pydantic import Field

from dagster_project.errors import WarehouseError
from dagster_project.sources.config import Source

DAILY_REFRESH = "daily_refresh"
RECOMPUTE = "recompute"
EVERY_NIGHT = "0 3 * * *"
# The as-of group begins with the one: what else is built for a date has to find it of the same date. With the other
# a date is done, as far as history goes.
FIRST_OF_THE_DATE = AssetKey(["core", "dim_customer"])
SNAPSHOT = AssetKey(["published", "snapshot"])
# What is published is late where the night's run is not done by breakfast, and old where a second one is missing.
FRESHNESS = FreshnessPolicy.time_window(warn_window=timedelta(hours=28), fail_window=timedelta(hours=52))


class DatesConfig(Config):
    """Dates whose snapshots a run writes besides."""

    month_ends_since: str | None = Field(
        None, description="The last day of every month from this date (YYYY-MM-DD) on."
    )

    def month_ends(self, before: date) -> Sequence[date]:
        """The last days of months before a date.

        Raises RangeError where the date that they begin with cannot be read.
        """
        if self.month_ends_since is None:
            return []
        try:
            since = date.fromisoformat(self.month_ends_since)
        except ValueError:
            raise RangeError(
                f"month_ends_since is {self.month_ends_since}, which is no date: write it as YYYY-MM-DD."
            ) from None
        days = (since + timedelta(days=number) for number in range((before - since).days))
        return [day for day in days if is_month_end(day)]


class RangeError(WarehouseError):
    """A run cannot compute the dates that it was asked for; the message says why."""


def daily_partitions(source: Source) -> DailyPartitionsDefinition:
    """One partition a business day in the shop's zone, today's included for a run before midnight."""
    return DailyPartitionsDefinition(start_date=source.first_day.isoformat(), timezone=source.time_zone, end_offset=1)


def run_dates(context: AssetExecutionContext) -> Sequence[date]:
    """The as-of dates of a run, in their order: one, or several of a backfill. Its tables hold the last one.

    Raises RangeError where several dates were asked of only a part of the as-of group.
    """
    dates = sorted(map(date.fromisoformat, context.partition_keys))
    chosen = context.job_def.asset_layer.selected_asset_keys
    if len(dates) > 1 and not {FIRST_OF_THE_DATE, SNAPSHOT} <= chosen:
        raise RangeError(
            f"A part of the as-of group can only be built for the date that the warehouse holds, not for {dates[0]} to "
            f"{dates[-1]}: choose all of {RECOMPUTE}, or one date."
        )
    return dates


def is_month_end(day: date) -> bool:
    """Whether it is the last day of its month."""
    return (day + timedelta(days=1)).day == 1


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
