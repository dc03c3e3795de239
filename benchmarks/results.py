"""What the scale benchmark prints and keeps: tables of its parts, and a section a scale in RESULTS.md.

Measuring does not belong here. A part is a process: the full run, the same again, the next day, the full run with
little memory, the transform of the four outputs, and each yardstick.
"""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path

from benchmarks.pipeline import Measured
from benchmarks.processes import Usage, together

RESULTS = Path(__file__).with_name("RESULTS.md")
TITLES = {
    "full": "full run",
    "again": "same date again, no news",
    "day": "next day, 0.1 % news",
    "little": "full run, DuckDB with 2 GB and one thread",
    "landing": "landing of the source's files",
    "transform": "transform of the four outputs",
    "duckdb": "yardstick: hand-tuned DuckDB",
    "pandas": "yardstick: pandas",
    "polars": "yardstick: Polars",
}
RATIOS = [
    ("transform / hand-tuned", "transform", "duckdb"),
    ("full run / hand-tuned", "full", "duckdb"),
    ("transform / pandas", "transform", "pandas"),
    ("transform / Polars", "transform", "polars"),
    ("next day / full run", "day", "full"),
    ("same again / full run", "again", "full"),
]
SHORTEST = 0.01  # of a part: stages below that share of its seconds are told together
TOLD_FROM = 1  # seconds of a part or stage whose lines a second mean something
ABOUT = """\
# Results of the scale benchmark

`make bench SCALE=1m|10m|50m` measures and writes the section of its scale; what is measured stands in
`benchmarks/scale.py`. Peak is the largest resident memory of the process at that time, written what it wrote to the
disk. "Others" is how many processors other work kept busy meanwhile: where it is not near 0, seconds are too high, and
processor seconds are the better measure.
"""


def table(parts: Mapping[str, Measured], lines: int) -> str:
    """The parts, one a line; lines of an order a second where the part is about all of them."""
    rows = [_row(TITLES[name], part.whole, lines) for name, part in parts.items()]
    return _markdown(["part", "seconds", "CPU seconds", "peak MiB", "lines/s", "written MB", "others"], rows)


def stages(name: str, part: Measured, lines: int) -> str:
    """The stages of a part, in their order; the short ones together at the end."""
    long = [stage for stage in part.stages if stage.usage.seconds >= SHORTEST * part.whole.seconds]
    short = [stage for stage in part.stages if stage not in long]
    rows = [_row(stage.name, stage.usage, lines) for stage in long]
    if short:
        rows.append(_row(f"{len(short)} shorter ones", together([stage.usage for stage in short]), lines))
    return _markdown([TITLES[name], "seconds", "CPU seconds", "peak MiB", "lines/s", "written MB", "others"], rows)


def ratios(parts: Mapping[str, Measured]) -> str:
    """Of seconds and of processor seconds, where both parts were measured."""
    rows: list[Sequence[str]] = []
    for title, one, other in RATIOS:
        if one in parts and other in parts:
            left, right = parts[one].whole, parts[other].whole
            rows.append([title, f"{left.seconds / right.seconds:.3g}", f"{left.cpu / right.cpu:.3g}"])
    return _markdown(["ratio", "of seconds", "of CPU seconds"], rows)


def section(
    scale: str,
    parts: Mapping[str, Measured],
    facts: Mapping[str, int],
    figures: Mapping[str, object],
    missing: Sequence[str],
) -> str:
    """The section of a scale: ratios first. `figures` are those that warehouse and yardsticks agree on, `missing` the
    yardsticks that did not finish."""
    counts = ", ".join(f"{count:,} {name}" for name, count in facts.items())
    told = [f"## {scale}", f"{counts}. {_machine()}, {date.today().isoformat()}.", ratios(parts)]
    told.append(table(parts, facts["order lines"]))
    told += [f"{TITLES[name]} did not finish." for name in missing]
    if figures:
        agreed = ", ".join(f"{value:,} {name}" for name, value in figures.items())
        told.append(f"The warehouse and the yardsticks agree on {agreed}.")
    told += [stages(name, part, facts["order lines"]) for name, part in parts.items() if len(part.stages) > 1]
    return "\n\n".join(told) + "\n"


def keep(scale: str, text: str, file: Path = RESULTS) -> None:
    """Write a scale's section in place of the one before; the others stay."""
    found = file.read_text() if file.exists() else ABOUT
    head, *sections = re.split(r"^(?=## )", found, flags=re.MULTILINE)
    others = [old.rstrip() + "\n" for old in sections if not old.startswith(f"## {scale}\n")]
    ordered = sorted([*others, text], key=_lines_of)
    file.write_text("\n".join([head.rstrip() + "\n", *ordered]))


def _lines_of(text: str) -> int:
    """How many order lines the scale of a section stands for: 1m, 10m, …"""
    number, unit = re.match(r"## (\d+)(\w)", text).groups()
    return int(number) * {"k": 1_000, "m": 1_000_000}[unit]


def _row(name: str, usage: Usage, lines: int) -> Sequence[str]:
    return [
        name,
        f"{usage.seconds:,.1f}",
        f"{usage.cpu:,.1f}",
        f"{usage.peak_memory / 2**20:,.0f}" if usage.peak_memory else "",
        f"{lines / usage.seconds:,.0f}" if usage.seconds >= TOLD_FROM else "",
        f"{usage.written / 1e6:,.0f}",
        f"{usage.others:.1f}",
    ]


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]

    def lines() -> Iterator[str]:
        for row in (head, ["-" * (widths[0]), *("-" * (width - 1) + ":" for width in widths[1:])], *rows):
            first, *numbers = row
            cells = [first.ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(numbers, widths[1:], strict=True))]
            yield "| " + " | ".join(cells) + " |"

    return "\n".join(lines())


def _machine() -> str:
    information = Path("/proc/cpuinfo").read_text()
    model = re.search(r"model name\s*: (.*)", information)
    memory = int(re.search(r"MemTotal:\s*(\d+)", Path("/proc/meminfo").read_text())[1]) / 2**20
    return f"{os.cpu_count()} cores ({model[1] if model else 'unknown'}), {memory:.0f} GiB"
