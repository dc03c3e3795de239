"""What benchmarks of dbt's models share: time and memory of one step, and a build of named models.

What is measured, and on which data, stands in each benchmark.
"""

import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

from dagster_project.transform.project import DbtProject

THREADS = 2


def timed(step: str, run: Callable[[], object]) -> None:
    """Run a step and print its seconds, the most memory that this process ever had, and what it returned."""
    began = time.perf_counter()
    result = run()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(f"{step:<44} {time.perf_counter() - began:>7.1f} s {peak:>7,} MiB   {result}", flush=True)


def timed_apart(step: str, run: Callable[..., object], *arguments: object) -> None:
    """The same in a process of its own, whose memory is the step's alone; `run` is a module's function."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        process.submit(timed, step, partial(run, *arguments)).result()


def build(project: DbtProject, *select: str, as_of: str | None = None) -> str:
    """Build the models that `select` names, without their tests; each with its seconds."""
    results = project.build([*select, "--resource-type", "model"], as_of)
    assert {str(result.status) for result in results} == {"success"}
    return ", ".join(f"{result.node.name} {result.execution_time:.1f} s" for result in results)
