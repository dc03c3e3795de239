"""The entry: write the shop and the CRM as they stand at the end of a business day, or move them on.

Does not belong here: what is simulated (world.py) and how it is stored (shop.py, crm.py, truth.py).
"""

from __future__ import annotations

import gc
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from dagster_project.demo.behaviour_rows import behaviour_rows
from dagster_project.demo.clock import Clock, Simulation
from dagster_project.demo.crm import write_crm
from dagster_project.demo.shop import write_shop
from dagster_project.demo.shop_rows import shop_rows
from dagster_project.demo.truth import write_truth
from dagster_project.demo.world import build
from dagster_project.errors import WarehouseError

__all__ = ["Simulation", "SimulationError", "simulate"]

# Another version simulates another shop from the same settings.
VERSION = 4
STATE = "simulation.json"


class SimulationError(WarehouseError):
    """The demo cannot be simulated as asked, for a reason that its user can mend."""


def simulate(folder: Path, simulation: Simulation, until: date, time_zone: str) -> None:
    """Write `shop.sqlite`, `crm/*.jsonl` and `truth.parquet` as at the end of business day `until`.

    A folder that has come so far already is left as it is: the shop never moves back. Everything that a later
    day shows had either happened by an earlier one and stands there alike, or happens after it.
    """
    if until < simulation.start:
        raise SimulationError(f"The demo shop opens on {simulation.start}; there is nothing to show on {until}.")
    settings = {"version": VERSION, "time_zone": time_zone, **simulation.model_dump(mode="json")}
    state = _read_state(folder)
    if state:
        if state["settings"] != settings:
            raise SimulationError(
                f"The demo shop in {folder} was made with other settings. "
                "Delete the home that it is part of, or use another."
            )
        reached = date.fromisoformat(state["until"])
        if state["complete"] and reached >= until:
            return
        until = max(until, reached)

    folder.mkdir(parents=True, exist_ok=True)
    # An advance that is broken off has to be repeated up to its own day, for some files may stand there
    # already.
    _write_state(folder, settings, until, complete=False)
    with _garbage_kept():
        _write_world(folder, simulation, Clock(simulation.start, until, time_zone))
    _write_state(folder, settings, until, complete=True)


def _write_world(folder: Path, simulation: Simulation, clock: Clock) -> None:
    """Write all files beside the present ones, then put them in their place."""
    world = build(simulation, clock)
    new = folder / "new"
    shutil.rmtree(new, ignore_errors=True)
    (new / "crm").mkdir(parents=True)
    write_shop(new / "shop.sqlite", shop_rows(world, simulation.seed) | behaviour_rows(world))
    write_crm(new / "crm", world)
    write_truth(new / "truth.parquet", world)
    (folder / "crm").mkdir(exist_ok=True)
    for path in sorted(path for path in new.rglob("*") if path.is_file()):
        path.replace(folder / path.relative_to(new))
    shutil.rmtree(new)


@contextmanager
def _garbage_kept() -> Iterator[None]:
    """Without the garbage collector, which would search a million live records for nothing: a quarter of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _read_state(folder: Path) -> dict | None:
    path = folder / STATE
    return json.loads(path.read_text()) if path.exists() else None


def _write_state(folder: Path, settings: dict, until: date, complete: bool) -> None:
    path = folder / STATE
    new = path.with_suffix(".json.tmp")
    new.write_text(json.dumps({"settings": settings, "until": str(until), "complete": complete}, indent=2) + "\n")
    new.replace(path)
