"""What the scale benchmark keeps: a section a scale, in the order of the scales. Measuring is not tested."""

from pathlib import Path

from benchmarks.pipeline import Measured, Stage
from benchmarks.processes import Sample, Usage, Watched
from benchmarks.results import ABOUT, keep, ratios, stages


def _part(seconds: float, *stages: Stage) -> Measured:
    return Measured(Usage(seconds, 2 * seconds, 2**30, 10**6, 0), stages)


def test_a_section_takes_the_place_of_the_one_before(tmp_path: Path):
    file = tmp_path / "RESULTS.md"
    for scale, text in (("10m", "old"), ("1m", "small"), ("10m", "new")):
        keep(scale, f"## {scale}\n\n{text}\n", file)
    assert file.read_text() == f"{ABOUT}\n## 1m\n\nsmall\n\n## 10m\n\nnew\n"


def test_ratios_are_of_parts_that_were_measured():
    told = ratios({"transform": _part(30), "duckdb": _part(10)})
    assert [line.split("|")[1].strip() for line in told.splitlines()[2:]] == ["transform / hand-tuned"]
    assert told.splitlines()[2].split("|")[2:4] == ["          3 ", "              3 "]


def test_short_stages_are_told_together():
    usage = Usage(0.2, 0.1, 2**20, 0, 0)
    part = _part(100, Stage("long", Usage(99, 1, 0, 0, 0)), Stage("short", usage), Stage("shorter", usage))
    assert [line.split("|")[1].strip() for line in stages("full", part, 100).splitlines()[2:]] == [
        "long",
        "2 shorter ones",
    ]


def test_a_span_is_told_apart_from_the_rest_of_a_process():
    watched = Watched([Sample(at, 2.0 * at, 100 * at, 10 * at, 3.0 * at) for at in range(11)])
    assert watched.usage(2, 4.5) == Usage(2.5, 5.0, 400, 25, 1.0)
    assert watched.usage() == Usage(10, 20, 1000, 100, 1.0)
