"""Alerts: what is sent when a run fails or puts more rows in quarantine, and the sensors that watch for it.

A message says which job, which step, one sentence why, and where to look; never a value of a row. How it is sent stands
in channels.py; without a channel there is no sensor.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dagster import (
    AssetKey,
    DagsterEvent,
    DagsterEventType,
    DagsterInstance,
    DagsterRun,
    DagsterRunStatus,
    DefaultSensorStatus,
    EventRecordsFilter,
    RunFailureSensorContext,
    RunStatusSensorContext,
    SensorDefinition,
    run_failure_sensor,
    run_status_sensor,
)
from dagster._core.storage.tags import ASSET_PARTITION_RANGE_END_TAG, PARTITION_NAME_TAG

from dagster_project.channels import Alert, Channels
from dagster_project.progress import first_cause, own_sentence
from dagster_project.quality.checks import FINDINGS
from dagster_project.settings import Settings

QUARANTINE = "quarantine"
MANY = 5


@dataclass(frozen=True)
class Sender:
    """What every alert of this warehouse shares: where it goes, the source it is about, and Dagster's address."""

    channels: Channels
    source: str
    dagster_url: str | None = None

    def send(self, run: DagsterRun, outcome: str, sentences: Sequence[str]) -> None:
        """Send what is said of a run to every channel."""
        as_of = run.tags.get(PARTITION_NAME_TAG) or run.tags.get(ASSET_PARTITION_RANGE_END_TAG)
        when = f" as of {as_of}" if as_of else ""
        link = [f"{self.dagster_url.rstrip('/')}/runs/{run.run_id}"] if self.dagster_url else []
        job = "a run of chosen assets" if run.job_name.startswith("__") else run.job_name
        subject = f"Warehouse {self.source}: {job}{when} {outcome}"
        self.channels.send(Alert(subject, "\n".join([*sentences, *link])))


def alert_sender(settings: Settings) -> Sender:
    """The sender that the settings describe."""
    smtp_url, webhook_url = (
        secret.get_secret_value() if secret else None
        for secret in (settings.alert_smtp_url, settings.alert_webhook_url)
    )
    email_to = [address.strip() for address in (settings.alert_email_to or "").split(",") if address.strip()]
    channels = Channels(smtp_url, settings.alert_email_from, tuple(email_to), webhook_url)
    return Sender(channels, settings.source, settings.alert_dagster_url)


def build_alerts(sender: Sender) -> Sequence[SensorDefinition]:
    """The sensors, which run from the start; none where nothing is to be sent to."""
    if not sender.channels:
        return []

    @run_failure_sensor(
        name="run_failure_alert",
        description="Says which step of a run failed, and why.",
        default_status=DefaultSensorStatus.RUNNING,
    )
    def run_failure_alert(context: RunFailureSensorContext) -> None:
        tell(sender, context.instance, context.dagster_run)

    @run_status_sensor(
        run_status=DagsterRunStatus.SUCCESS,
        name="quarantine_alert",
        description="Says where a run put more rows in quarantine than the one before.",
        default_status=DefaultSensorStatus.RUNNING,
    )
    def quarantine_alert(context: RunStatusSensorContext) -> None:
        tell(sender, context.instance, context.dagster_run)

    return [run_failure_alert, quarantine_alert]


def tell(sender: Sender, instance: DagsterInstance, run: DagsterRun) -> None:
    """Send what is worth an alert of a finished run.

    Raises AlertError where a channel did not take it.
    """
    if run.status == DagsterRunStatus.FAILURE:
        sender.send(run, "failed", failures_of(instance, run.run_id))
    elif grown := [*grown_quarantines(instance, run.run_id)]:
        sender.send(run, "put more rows in quarantine", grown)


def failures_of(instance: DagsterInstance, run_id: str) -> Sequence[str]:
    """One sentence for each step of the run that failed."""
    events = _events(instance, run_id, DagsterEventType.STEP_FAILURE)
    checks = _events(instance, run_id, DagsterEventType.ASSET_CHECK_EVALUATION)
    said = [f"{event.step_key}: {_why(event, checks)}" for event in events]
    return said or ["It ended outside of a step; its log in Dagster says where."]


def grown_quarantines(instance: DagsterInstance, run_id: str) -> Iterator[str]:
    """One sentence for each table of the quarantine that has more rows than before the run."""
    records = instance.get_records_for_run(run_id, of_type=DagsterEventType.ASSET_MATERIALIZATION).records
    for record in records:
        materialization = record.event_log_entry.asset_materialization
        if materialization.asset_key.path[0] != QUARANTINE:
            continue
        rows = materialization.metadata["dagster/row_count"].value
        before = _rows_before(instance, materialization.asset_key, record.storage_id)
        if rows > before:
            name = materialization.asset_key.to_user_string()
            yield f"{name}: {rows:,} rows, {rows - before:,} more than before."


def _rows_before(instance: DagsterInstance, key: AssetKey, storage_id: int) -> int:
    """The rows at the last materialization before one; 0 where that did not say them."""
    earlier = instance.get_event_records(
        EventRecordsFilter(DagsterEventType.ASSET_MATERIALIZATION, asset_key=key, before_cursor=storage_id), limit=1
    )
    counts = [record.event_log_entry.asset_materialization.metadata.get("dagster/row_count") for record in earlier]
    return counts[0].value if counts and counts[0] else 0


def _events(instance: DagsterInstance, run_id: str, kind: DagsterEventType) -> Sequence[DagsterEvent]:
    records = instance.get_records_for_run(run_id, of_type=kind).records
    return [record.event_log_entry.dagster_event for record in records]


def _why(failure: DagsterEvent, checks: Sequence[DagsterEvent]) -> str:
    """Why a step failed: what its gate found without samples, the project's own sentence, or the kind of error, whose
    text might hold anything."""
    failed = [
        event.asset_check_evaluation_data.metadata
        for event in checks
        if event.step_key == failure.step_key and not event.asset_check_evaluation_data.passed
    ]
    # A dbt test has none: its stage says itself which one failed.
    found = [finding for metadata in failed if FINDINGS in metadata for finding in metadata[FINDINGS].value]
    if found:
        more = f" And {len(found) - MANY} more." if len(found) > MANY else ""
        return "; ".join(found[:MANY]) + "." + more
    data = failure.step_failure_data
    said = data.user_failure_data and data.user_failure_data.description
    return said or own_sentence(data.error) or f"{first_cause(data.error).cls_name}; its log in Dagster says more."
