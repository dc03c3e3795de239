"""What a shop of a million, ten or fifty million order lines costs: `make bench SCALE=1m`, or `python -m
benchmarks.scale 1m`.

On files of a simulated shop, each in a process of its own: the full run on a new home, the same date again, the four
outputs (customer facts, RFM, category affinity, lapsed) alone, the same outputs by three yardsticks, and the next day
with 0.1 % news; of the largest shop also the full run with little memory. Prints tables and keeps them in RESULTS.md.
"""

import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path

import click
import duckdb

from benchmarks import results
from benchmarks.pipeline import Measured, Stage, run_landing, run_pipeline, run_transform
from benchmarks.processes import BenchmarkError, Usage
from benchmarks.shop import LAST_DAY, SCALES, write_day, write_shop, write_sources
from benchmarks.yardstick import TOOLS, check_same, figures_of, figures_of_warehouse, run_yardstick

# With two threads the join of eleven marts of two million customers each runs out of 3 GB.
LITTLE_MEMORY = {"WAREHOUSE_MEMORY_MB": "2000", "WAREHOUSE_THREADS": "1"}


class Bench:
    """The work folder of a scale: the shop as generated, a copy that gets the news, a home, and what was measured."""

    def __init__(self, folder: Path, scale: str) -> None:
        self.scale = scale
        self.folder = folder / scale
        self.shop, self.files = self.folder / "shop", self.folder / "files"
        self.home, self.transform = self.folder / "home", self.folder / "transform"
        self.sources, self.measured = self.folder / "sources.yml", self.folder / "measured"
        self.parts: dict[str, Measured] = {}
        self.figures: Mapping[str, object] = {}  # of the warehouse and of every yardstick that was measured
        self.missing: list[str] = []  # yardsticks that did not finish

    def prepare(self, go_on: bool) -> None:
        """The shop, written once; and unless going on, a clean start."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if not self.shop.exists():
            unfinished = self.folder / "shop.tmp"
            shutil.rmtree(unfinished, ignore_errors=True)
            click.echo(f"Writing the shop {self.scale} …")
            write_shop(unfinished, SCALES[self.scale])
            unfinished.rename(self.shop)
        if not go_on:
            for left in (self.files, self.home, self.transform, self.measured):
                shutil.rmtree(left, ignore_errors=True)
        if not self.files.exists():
            shutil.copytree(self.shop, self.files, copy_function=os.link)
        self.measured.mkdir(exist_ok=True)
        write_sources(self.sources, self.files.resolve())

    def measure(self, name: str, run: Callable[[Path], Measured]) -> None:
        """Measure a part and print it, unless that was done before; `run` is given the file for what it says."""
        file = self.measured / f"{name}.json"
        if file.exists():
            self.parts[name] = _read(file)
        else:
            click.echo(f"{results.TITLES[name]} …")
            self.parts[name] = run(self.folder / "logs" / f"{name}.log")
            file.write_text(json.dumps(asdict(self.parts[name]), indent=1))
        part = self.parts[name]
        told = results.stages(name, part, self.lines) if len(part.stages) > 1 else ""
        click.echo(f"{told}\n{results.table({name: part}, self.lines)}\n")
        # Kept at once: a benchmark of this size may break off.
        results.keep(self.scale, results.section(self.scale, self.parts, self.facts, self.figures, self.missing))

    def compare(self, tool: str) -> None:
        """Measure a yardstick, whose figures have to be the warehouse's.

        Raises BenchmarkError where they are not, or the first yardstick fails; another one may be too small a tool for
        the scale.
        """
        folder = self.folder / "yardsticks" / tool

        def run(log: Path) -> Measured:
            return Measured(run_yardstick(tool, self.shop, folder, log).usage(), [])

        try:
            self.measure(tool, run)
        except BenchmarkError as error:
            if tool == "duckdb":
                raise
            self.missing.append(tool)
            click.echo(error.message)
        else:
            check_same(tool, figures_of(folder), self.figures)

    @property
    def lines(self) -> int:
        return self.facts["order lines"]

    @cached_property
    def facts(self) -> Mapping[str, int]:
        """How large the shop is."""
        entities = {"order lines": "order_lines", "orders": "orders", "customer records": "customers"}
        return {
            name: duckdb.sql(f"select count(*) from '{self.shop}/{entity}-*.parquet'").fetchone()[0]
            for name, entity in entities.items()
        }


def _read(file: Path) -> Measured:
    said = json.loads(file.read_text())
    stages = [Stage(stage["name"], Usage(**stage["usage"])) for stage in said["stages"]]
    return Measured(Usage(**said["whole"]), stages)


@click.command()
@click.argument("scale", type=click.Choice(list(SCALES)))
@click.option("--folder", default=".bench", type=click.Path(path_type=Path), help="Where the work is done.")
@click.option("--go-on", is_flag=True, help="Keep what a benchmark that broke off has measured.")
def main(scale: str, folder: Path, go_on: bool) -> None:
    """Measure a shop of SCALE order lines."""
    bench = Bench(folder, scale)
    bench.prepare(go_on)
    home, sources = bench.home, bench.sources

    def landing(log: Path) -> Measured:
        shutil.rmtree(bench.transform, ignore_errors=True)
        return run_landing(bench.transform, sources, LAST_DAY, log)

    def transform(log: Path) -> Measured:
        for left in (bench.transform / "exchange", bench.transform / "warehouse.duckdb"):
            shutil.rmtree(left) if left.is_dir() else left.unlink(missing_ok=True)
        return run_transform(bench.transform, sources, LAST_DAY, log)

    def full(log: Path) -> Measured:
        return run_pipeline(home, sources, LAST_DAY, log)

    def day(log: Path) -> Measured:
        return run_pipeline(home, sources, write_day(bench.files, SCALES[scale], 1), log)

    def full_with_little_memory(log: Path) -> Measured:
        shutil.rmtree(home, ignore_errors=True)
        return run_pipeline(home, sources, LAST_DAY, log, LITTLE_MEMORY)

    bench.measure("landing", landing)
    bench.measure("transform", transform)
    bench.figures = figures_of_warehouse(bench.transform / "warehouse.duckdb")
    for tool in TOOLS:
        bench.compare(tool)
    bench.measure("full", full)
    bench.measure("again", full)
    bench.measure("day", day)
    if scale == max(SCALES, key=lambda name: SCALES[name].lines):
        bench.measure("little", full_with_little_memory)
    click.echo(results.ratios(bench.parts))


if __name__ == "__main__":
    main()
