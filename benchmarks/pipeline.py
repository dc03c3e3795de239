"""The pipeline as the scale benchmark runs it: the whole job on a home, and what each of its steps took.

Also the models of four outputs alone, which is what the yardsticks compute: `python -m benchmarks.pipeline land|build
<home> <sources> <date>` lands the source's files and builds those models, in processes that run_landing and
run_transform watch.
"""

import json
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from benchmarks.processes import Usage, Watched, together, watch
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import Source, load_source

SOURCE = "bench"
OUTPUTS = ("fct_customer", "seg_rfm", "seg_category_affinity", "seg_lapsed")
PHONES = "int_phone_spelling"  # what the phone numbers are made of, which the outputs read as a file


@dataclass(frozen=True)
class Stage:
    """A part of a process and what it took."""

    name: str
    usage: Usage


@dataclass(frozen=True)
class Measured:
    """A process: all of it, and its stages in their order."""

    whole: Usage
    stages: Sequence[Stage]


def run_pipeline(
    home: Path, sources: Path, as_of: date, log: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> Measured:
    """`make run` on a home, as of a date, with those settings in the environment; one stage a step of Dagster."""
    environment = {
        "SOURCE": SOURCE,
        "SOURCES_FILE": str(sources),
        "WAREHOUSE_HOME": str(home),
        "AS_OF": as_of.isoformat(),
        "PYTHON_DOTENV_DISABLED": "1",
        **settings,
    }
    watched = watch([sys.executable, "-m", "dagster_project", "run"], log, environment)
    return _measured(watched, _steps(Home(home)))


def run_landing(home: Path, sources: Path, as_of: date, log: Path) -> Measured:
    """All tables of the source into raw files of a new home, without Dagster."""
    return _run_here("land", home, sources, as_of, log)


def run_transform(home: Path, sources: Path, as_of: date, log: Path) -> Measured:
    """The four outputs in a new warehouse, from the raw files of its home."""
    return _run_here("build", home, sources, as_of, log)


def _run_here(step: str, home: Path, sources: Path, as_of: date, log: Path) -> Measured:
    command = [sys.executable, "-m", "benchmarks.pipeline", step, str(home), str(sources), as_of.isoformat()]
    watched = watch(command, log, {"PYTHON_DOTENV_DISABLED": "1"})
    spans = [json.loads(line) for line in log.read_text().splitlines() if line.startswith("[")]
    return _measured(watched, [(name, begin, end) for name, begin, end in spans])


def _measured(watched: Watched, spans: Sequence[tuple[str, float, float]]) -> Measured:
    """What the spans took, and what came before, between and after them."""
    whole = watched.usage()
    if not spans:
        return Measured(whole, [])
    stages = [Stage(name, watched.usage(begin, end)) for name, begin, end in spans]
    first, last = spans[0][1], spans[-1][2]
    before = Stage("before the first step", watched.usage(watched.begin, first))
    after = Stage("after the last step", watched.usage(last, watched.end))
    gaps = [watched.usage(end, begin) for (_, _, end), (_, begin, _) in pairwise(spans)]
    between = Stage("between steps", together(gaps))
    return Measured(whole, [before, *stages, between, after])


def _steps(home: Home) -> Sequence[tuple[str, float, float]]:
    """The steps of the home's newest run with when they began and ended."""
    from dagster import DagsterEventType, DagsterInstance

    begins, spans = {}, []
    with DagsterInstance.from_config(str(home.dagster)) as instance:
        run = instance.get_runs(limit=1)[0]
        for entry in instance.all_logs(run.run_id):
            event = entry.dagster_event
            if event and event.event_type == DagsterEventType.STEP_START:
                begins[event.step_key] = entry.timestamp
            elif event and event.event_type == DagsterEventType.STEP_SUCCESS:
                spans.append((event.step_key, begins[event.step_key], entry.timestamp))
    return spans


def land_all(home: Home, sources: Path, as_of: date) -> None:
    """Land every table of the source's systems."""
    from dagster_project.sources.landing import Load, land
    from dagster_project.sources.readers import open_system

    load = Load(id="benchmark", loaded_at=datetime.now(UTC).replace(tzinfo=None), as_of=as_of)
    for system in _source(home, sources).systems:
        with open_system(system, home) as reader:
            for name, table in system.tables.items():
                raw, rejects = home.raw(system.name, name), home.rejects(system.name, name)
                _timed(name, partial(land, reader, name, table, raw, rejects, load))


def build_outputs(home: Home, sources: Path, as_of: date) -> None:
    """Build the four outputs and what they are made of, without tests."""
    from dagster_project.transform.identity import write_components
    from dagster_project.transform.phone import write_phones
    from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars, raise_failures
    from dagster_project.warehouse import open_warehouse

    source = _source(home, sources)
    project = DbtProject(DBT_FOLDER, home, dbt_vars(source), Settings().warehouse_threads)
    home.exchange.mkdir()

    def models(stage: str, outputs: Sequence[str]) -> str:
        results = project.build([f"+{output},tag:{stage}" for output in outputs], as_of.isoformat())
        raise_failures(results)
        slowest = sorted(results, key=lambda result: -result.execution_time)
        return ", ".join(f"{result.node.name} {result.execution_time:.1f} s" for result in slowest)

    def phones() -> object:
        with open_warehouse(home.warehouse) as warehouse:
            return write_phones(warehouse, home.exchange / "phone.parquet", source.country)

    def people() -> object:
        with open_warehouse(home.warehouse) as warehouse:
            return write_components(warehouse, home.exchange / "identity_component.parquet")

    _timed("contract_stage", lambda: models("contract_stage", [*OUTPUTS, PHONES]))
    _timed("exchange__phone", phones)
    _timed("identity_stage", lambda: models("identity_stage", OUTPUTS))
    _timed("exchange__identity_component", people)
    _timed("core_stage", lambda: models("core_stage", OUTPUTS))
    _timed("as_of_stage", lambda: models("as_of_stage", OUTPUTS))
    _timed("segment_stage", lambda: models("segment_stage", OUTPUTS[1:]))


def _source(home: Home, sources: Path) -> Source:
    return load_source(Settings(source=SOURCE, sources_file=sources, warehouse_home=home.folder))


def _timed(name: str, run: Callable[[], object]) -> None:
    """Run a stage and print a line of JSON (name, begin, end), then what it returned."""
    begin = time.time()
    said = run()
    print(json.dumps([name, begin, time.time()]), flush=True)
    print(said, flush=True)


if __name__ == "__main__":
    step = {"land": land_all, "build": build_outputs}[sys.argv[1]]
    step(Home(Path(sys.argv[2]).resolve()), Path(sys.argv[3]), date.fromisoformat(sys.argv[4]))
