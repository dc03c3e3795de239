"""A command as a process of its own, watched from outside: seconds, processor time, memory and bytes written.

Ten times a second /proc is read for the process and all below it, so that any span of its time can be told apart
afterwards. What is run, and what a span is, stands elsewhere. Linux only.
"""

import os
import subprocess
import time
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

EVERY_SECONDS = 0.1
TICKS = os.sysconf("SC_CLK_TCK")
LINES_OF_FAILURE = 15


class BenchmarkError(click.ClickException):
    """The benchmark cannot go on; the message says why."""


@dataclass(frozen=True)
class Sample:
    """What a process had used at a moment: seconds of processor time, bytes of memory (then), bytes written; and the
    seconds that all processors of the machine had been busy."""

    at: float
    cpu: float
    memory: int
    written: int
    machine: float


@dataclass(frozen=True)
class Usage:
    """What a span of time took; `others` is how many processors other work kept busy meanwhile, on average."""

    seconds: float
    cpu: float
    peak_memory: int
    written: int
    others: float


@dataclass(frozen=True)
class Watched:
    """A finished process."""

    samples: Sequence[Sample]

    @property
    def begin(self) -> float:
        return self.samples[0].at

    @property
    def end(self) -> float:
        return self.samples[-1].at

    def usage(self, begin: float | None = None, end: float | None = None) -> Usage:
        """What it took between two moments, by default the whole time."""
        first, last = begin or self.begin, end or self.end
        times = [sample.at for sample in self.samples]
        # A span shorter than the time between two samples has the memory of the next one.
        low, high = bisect_left(times, first), bisect_right(times, last)
        within = self.samples[low : max(high, low + 1)] or self.samples[-1:]
        cpu, busy = (self._at(last, name) - self._at(first, name) for name in ("cpu", "machine"))
        return Usage(
            seconds=last - first,
            cpu=cpu,
            peak_memory=max(sample.memory for sample in within),
            written=round(self._at(last, "written") - self._at(first, "written")),
            others=max(busy - cpu, 0) / (last - first) if last > first else 0,
        )

    def _at(self, moment: float, name: str) -> float:
        """A counter's value at a moment, interpolated."""
        times = [sample.at for sample in self.samples]
        after = min(bisect_left(times, moment), len(times) - 1)
        right, left = self.samples[after], self.samples[max(after - 1, 0)]
        part = (moment - left.at) / (right.at - left.at) if right.at > left.at else 1
        return getattr(left, name) + min(max(part, 0), 1) * (getattr(right, name) - getattr(left, name))


def together(some: Sequence[Usage]) -> Usage:
    """Several spans as one."""
    seconds = sum(usage.seconds for usage in some)
    return Usage(
        seconds=seconds,
        cpu=sum(usage.cpu for usage in some),
        peak_memory=max((usage.peak_memory for usage in some), default=0),
        written=sum(usage.written for usage in some),
        others=sum(usage.others * usage.seconds for usage in some) / seconds if seconds else 0,
    )


def watch(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Watched:
    """Run a command to its end, its output into a file.

    Raises BenchmarkError with the last lines of it where the command fails.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdout=output, stderr=subprocess.STDOUT
        )
    samples = [Sample(time.time(), 0, 0, 0, _busy())]
    while True:
        ended, status, used = os.wait4(process.pid, os.WNOHANG)
        if ended:
            break
        samples.append(_sample(process.pid) or samples[-1])
        time.sleep(EVERY_SECONDS)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = used.ru_utime + used.ru_stime
    last = samples[-1]
    samples.append(Sample(time.time(), max(cpu, last.cpu), last.memory, last.written, _busy()))
    if process.returncode:
        told = "\n".join(log.read_text().splitlines()[-LINES_OF_FAILURE:])
        raise BenchmarkError(f"{' '.join(command)} failed ({log}):\n{told}")
    return Watched(samples)


def _sample(root: int) -> Sample | None:
    """The process and all below it now; None where it is ending."""
    cpu, memory, written = 0.0, 0, 0
    try:
        for number, pid in enumerate(_tree(root)):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            # The root's own, with what its ended children had; of the living ones their own.
            cpu += sum(map(int, fields[11 : 13 if number else 15])) / TICKS
            memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
            counters = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
            written += int(counters["write_bytes"])
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return None
    return Sample(time.time(), cpu, memory, written, _busy())


def _tree(root: int) -> Iterator[int]:
    yield root
    for task in Path(f"/proc/{root}/task").iterdir():
        for child in (task / "children").read_text().split():
            yield from _tree(int(child))


def _busy() -> float:
    """Seconds that the machine's processors were not idle since it started; time that a host took away included."""
    user, nice, system, _, _, *interrupts = map(int, Path("/proc/stat").read_text().split(maxsplit=9)[1:9])
    return (user + nice + system + sum(interrupts)) / TICKS
