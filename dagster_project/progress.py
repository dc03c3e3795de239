"""What a run says on a terminal: a plain line for everything that was done, as it is done.

A Dagster logger; the UI does not need it. Decides only how events read.
"""

import logging
import sys

from dagster import DagsterEvent, DagsterEventType, InitLoggerContext, logger

INDENT = "  "


class ProgressHandler(logging.Handler):
    """Prints the events that a person follows a run by, and every warning and error of the steps."""

    def emit(self, record: logging.LogRecord) -> None:
        meta = getattr(record, "dagster_meta", {})
        event: DagsterEvent | None = meta.get("dagster_event")
        line = describe(event) if event else None
        if event is None and record.levelno >= logging.WARNING and meta.get("op_name"):
            line = f"{INDENT}{record.levelname.lower()}: {meta.get('orig_message')}"
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
            return f"{INDENT}{path}: {metadata['rows'].value:,} new rows, {metadata['rows_before'].value:,} before"
    if event.event_type == DagsterEventType.STEP_SKIPPED:
        return f"{INDENT}{event.step_key:<52}skipped"
    return None


@logger(description="Plain lines for a terminal.")
def progress(context: InitLoggerContext) -> logging.Logger:
    """The logger that `make run` uses."""
    configured = logging.Logger("progress", level=logging.DEBUG)
    configured.addHandler(ProgressHandler())
    return configured
