"""What a run says on a terminal: a plain line for everything that was done, as it is done, and why it failed.

A Dagster logger; the UI does not need it. Decides only how events read.
"""

import logging
import sys
from collections.abc import Iterator, Sequence

from dagster import DagsterEvent, DagsterEventType, InitLoggerContext, logger
from dagster._utils.error import SerializableErrorInfo

INDENT = "  "
PROJECT = __package__ + "."


class ProgressHandler(logging.Handler):
    """Prints the events that a person follows a run by."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event: DagsterEvent | None = meta.get("dagster_event")
        line = describe(event) if event else None
        if line:
            print(line, file=sys.stdout, flush=True)


def describe(event: DagsterEvent) -> str | None:
    """One line for an event worth telling, None for the others."""
    if event.event_type == DagsterEventType.STEP_SUCCESS:
        seconds = event.step_success_data.duration_ms / 1000
        return f"{INDENT}{event.step_key:<52}{seconds:7.1f} s"
    if event.event_type == DagsterEventType.ASSET_MATERIALIZATION:
        metadata = event.step_materialization_data.materialization.metadata
        if "rows" in metadata and "rows_before" in metadata:
            path = "/".join(event.asset_key.path)
            told = f"{INDENT}{path}: {metadata['rows'].value:,} new rows, {metadata['rows_before'].value:,} before"
            rejected = metadata["rejected"].value
            return (
                f"{told}, {rejected:,} lines that cannot be read (rejects/{path.partition('/')[2]})"
                if rejected
                else told
            )
    if event.event_type == DagsterEventType.STEP_FAILURE:
        return f"{INDENT}{event.step_key:<52} failed"
    if event.event_type == DagsterEventType.STEP_SKIPPED:
        return f"{INDENT}{event.step_key:<52}skipped"
    return None


def failures(events: Sequence[DagsterEvent]) -> Iterator[str]:
    """Why a run failed: for each step that did, what it says itself, what its checks found, or its error."""
    for event in events:
        if event.event_type == DagsterEventType.STEP_FAILURE:
            said = event.step_failure_data.user_failure_data
            findings = "\n".join(_findings(events, event.step_key))
            reason = (said and said.description) or findings or _message(event.step_failure_data.error)
            yield f"{event.step_key} failed: {reason}"


def _findings(events: Sequence[DagsterEvent], step_key: str) -> Iterator[str]:
    for event in events:
        if event.event_type == DagsterEventType.ASSET_CHECK_EVALUATION and event.step_key == step_key:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed and evaluation.description:
                yield evaluation.description


def own_sentence(error: SerializableErrorInfo) -> str | None:
    """The sentence of the project's own error in a chain of causes, None where there is none."""
    while error.cause and not error.message.startswith(PROJECT):
        error = error.cause
    return error.message.partition(": ")[2].strip() if error.message.startswith(PROJECT) else None


def _message(error: SerializableErrorInfo) -> str:
    """The sentence of the project's own error in a chain of causes, else the message of the first cause."""
    return own_sentence(error) or first_cause(error).message.strip()


def first_cause(error: SerializableErrorInfo) -> SerializableErrorInfo:
    """The error that the others of its chain came of."""
    while error.cause:
        error = error.cause
    return error


@logger(description="Plain lines for a terminal.")
def progress(context: InitLoggerContext) -> logging.Logger:
    """The logger that `make run` uses."""
    configured = logging.Logger("progress", level=logging.DEBUG)
    configured.addHandler(ProgressHandler())
    return configured
