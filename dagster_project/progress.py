"""What `make run` says: a plain line for everything that was done, as it is done, and why it failed; on a terminal
also a line that lives, with the step that is on.

A Dagster logger; the UI does not need it. Decides only how events read; how far a long step is counts pace.py.
"""

import atexit
import logging
import sys
from collections.abc import Iterator, Sequence

from dagster import DagsterEvent, DagsterEventType, InitLoggerContext, logger
from dagster._utils.error import SerializableErrorInfo

from dagster_project.pace import EVERY_SECONDS

INDENT = "  "
PROJECT = __package__ + "."
STEP_ENDS = {DagsterEventType.STEP_SUCCESS, DagsterEventType.STEP_FAILURE, DagsterEventType.STEP_SKIPPED}
RUN_ENDS = {DagsterEventType.RUN_SUCCESS, DagsterEventType.RUN_FAILURE, DagsterEventType.RUN_CANCELED}


class PlainHandler(logging.Handler):
    """Prints the events that a person follows a run by, and what its steps say of themselves."""

    def emit(self, record: logging.LogRecord) -> None:
        event: DagsterEvent | None = getattr(record, "dagster_meta", {}).get("dagster_event")
        if event:
            self.follow(event)
        elif logging.INFO <= record.levelno < logging.ERROR:  # why something failed is told in the end
            self.said(INDENT + record.dagster_meta["orig_message"])

    def follow(self, event: DagsterEvent) -> None:
        if line := describe(event):
            self.said(line)

    def said(self, line: str) -> None:
        print(line, file=sys.stdout, flush=True)


class LiveHandler(PlainHandler):
    """The same above a line that lives: the step that is on, how many are done, and since when it runs."""

    def __init__(self, steps: int) -> None:
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        super().__init__()
        columns = (SpinnerColumn(), MofNCompleteColumn(), BarColumn(20), TimeElapsedColumn())
        self._progress = Progress(*columns, TextColumn("{task.description}", markup=False), transient=True)
        self._task = self._progress.add_task("", total=steps)
        self._progress.start()
        atexit.register(self._progress.stop)  # whatever ends the run, the terminal gets its cursor back

    def follow(self, event: DagsterEvent) -> None:
        super().follow(event)
        if event.event_type == DagsterEventType.STEP_START:
            self._progress.update(self._task, description=event.step_key)
        elif event.event_type in STEP_ENDS:
            self._progress.update(self._task, advance=1)
        elif event.event_type in RUN_ENDS:
            self._progress.stop()

    def said(self, line: str) -> None:
        self._progress.console.print(line, markup=False, highlight=False, soft_wrap=True)


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
            if (seconds := metadata["seconds"].value) >= EVERY_SECONDS:
                told += f", {metadata['rows'].value / seconds:,.0f} a second"
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


@logger(description="What make run says: plain lines, on a terminal with a live one.")
def progress(context: InitLoggerContext) -> logging.Logger:
    """The logger that `make run` uses."""
    configured = logging.Logger("progress", level=logging.DEBUG)
    configured.addHandler(LiveHandler(len(context.job_def.nodes)) if sys.stdout.isatty() else PlainHandler())
    return configured
