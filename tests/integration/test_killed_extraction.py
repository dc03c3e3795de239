"""Extraction killed at random moments and run again: nothing is lost, and nothing is there twice after the contract.

A second home extracts the same changing shop undisturbed, and both have to hold the same in the end.
"""

import multiprocessing
import random
import time
from datetime import datetime, timedelta
from multiprocessing.synchronize import Event
from pathlib import Path

import duckdb
import pytest
import yaml

from dagster_project.demo.simulate import Simulation, simulate
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import BUILTIN_FILE, Source, load_source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars

from .conftest import SMALL_SHOP, shop_database

pytestmark = pytest.mark.faults

KILLS = 20
FIRST = datetime(2026, 4, 1, 3)
processes = multiprocessing.get_context("forkserver")
# What a process would import first is imported already, so that a kill meets the extraction.
processes.set_forkserver_preload([__name__, "dagster_project.sources.readers.database"])


def extract(source: Source, folder: Path, loaded_at: datetime, begun: Event) -> None:
    """All tables of all systems, as the assets do it."""
    begun.set()
    home = Home(folder)
    load = Load(f"{loaded_at:%d%H%M}", loaded_at, SMALL_SHOP["end"])
    for system in source.systems:
        with open_system(system, home) as reader:
            for table, config in system.tables.items():
                land(reader, table, config, home.raw(system.name, table), home.rejects(system.name, table), load)


def _change(home: Path, number: int) -> None:
    """A day at the shop: new and changed orders, changed customers, and cart items that are gone."""
    at = f"2026-04-{number + 1:02}T08:00:00Z"
    with shop_database(home) as shop:
        shop.execute("create table if not exists temp.new_orders as select * from orders where false")
        shop.execute("insert into temp.new_orders select * from orders where id % 50 = ? and id < 1000000", [number])
        shop.execute("update temp.new_orders set id = id + 1000000, placed_at = ?, updated_at = ?", [at, at])
        shop.execute("insert into orders select * from temp.new_orders")
        shop.execute("update orders set device = ?, updated_at = ? where id % 20 = ?", [f"day {number}", at, number])
        shop.execute("update customers set tags = ?, updated_at = ? where id % 20 = ?", [f"day {number}", at, number])
        shop.execute("delete from cart_items where id % 100 = ?", [number])


def _landed_files(home: Path) -> set[Path]:
    return set((home / "raw").rglob("*.parquet"))


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Source:
    """The small shop; cart items that are gone are looked for in every extraction."""
    entry = {**yaml.safe_load(BUILTIN_FILE.read_text())["demo"], "simulation": SMALL_SHOP}
    entry["systems"][0]["tables"]["cart_items"]["compare_every_days"] = 1
    path = tmp_path_factory.mktemp("sources") / "sources.yml"
    path.write_text(yaml.safe_dump({"small_shop": entry}))
    return load_source(Settings(source="small_shop", sources_file=path))


@pytest.fixture(scope="module")
def homes(source: Source, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A home whose extractions were killed and repeated, and one whose extractions ended undisturbed.

    One kill falls at random into each twentieth of the time that an extraction takes.
    """
    killed, undisturbed = (tmp_path_factory.mktemp(name) for name in ("killed", "undisturbed"))
    for home in (killed, undisturbed):
        simulate(home / "demo", Simulation(**SMALL_SHOP), SMALL_SHOP["end"], source.time_zone)
    chance = random.Random(7)
    twentieths = chance.sample(range(KILLS), KILLS)
    interrupted = 0
    for number in range(KILLS):
        loaded_at = FIRST + timedelta(days=number)
        for home in (killed, undisturbed):
            _change(home, number)
        exit_code, seconds = _extract_in_a_process(source, undisturbed, loaded_at)
        assert exit_code == 0
        before = _landed_files(killed)
        moment = (twentieths[number] + chance.random()) / KILLS * seconds
        _extract_in_a_process(source, killed, loaded_at, kill_after=moment)
        partly = len(_landed_files(killed) - before)
        exit_code, _ = _extract_in_a_process(source, killed, loaded_at + timedelta(minutes=1))
        assert exit_code == 0
        interrupted += 0 < partly < len(_landed_files(killed) - before)
    assert interrupted >= 3, "too few extractions were killed between two of their files"
    return killed, undisturbed


def _extract_in_a_process(
    source: Source, home: Path, loaded_at: datetime, kill_after: float | None = None
) -> tuple[int, float]:
    """The exit code, and how many seconds the extraction took."""
    begun = processes.Event()
    process = processes.Process(target=extract, args=(source, home, loaded_at, begun))
    process.start()
    begun.wait()
    start = time.monotonic()
    if kill_after is not None:
        time.sleep(kill_after)
        process.kill()
    process.join()
    return process.exitcode, time.monotonic() - start


def test_raw_holds_the_same_versions(source: Source, homes: tuple[Path, Path]):
    for system in source.systems:
        for table in system.tables:
            killed, undisturbed = (
                duckdb.execute(
                    "select distinct * exclude (_loaded_at, _load_id) from read_parquet(?, union_by_name = true)",
                    [str(Home(home).raw(system.name, table) / "*.parquet")],
                ).df()
                for home in homes
            )
            columns = list(undisturbed.columns)
            assert killed.sort_values(columns, ignore_index=True).equals(
                undisturbed.sort_values(columns, ignore_index=True)
            ), f"{system.name}/{table}"


def test_the_contract_holds_the_same_records_once(source: Source, homes: tuple[Path, Path]):
    killed, undisturbed = (_contract(source, home) for home in homes)
    assert killed.keys() == undisturbed.keys()
    for entity, rows in undisturbed.items():
        assert killed[entity] == rows, entity
    with duckdb.connect(str(Home(homes[1]).warehouse), read_only=True) as connection:
        assert (
            connection.execute("select count(*) from contract.checkout_lines where is_deleted").fetchone()[0] >= KILLS
        )


def _contract(source: Source, folder: Path) -> dict[str, list[tuple]]:
    """The rows of every contract entity without what says when they were loaded.

    Where the source does not say when a row changed, the time of its loading stands in updated_at.
    """
    project = DbtProject(DBT_FOLDER, Home(folder), dbt_vars(source), threads=2)
    results = project.build(["staging.demo_shop", "staging.demo_crm", "contract", "demo_shop_non_merchandise"])
    assert all(result.status in ("success", "pass") for result in results)
    with duckdb.connect(str(Home(folder).warehouse), read_only=True) as connection:
        views = connection.execute("select view_name from duckdb_views() where schema_name = 'contract'").fetchall()
        return {
            view: connection.execute(
                f"select * exclude (loaded_at, landed_as_of, row_hash) "
                f"replace (case when not is_deleted and updated_at <> loaded_at then updated_at end as updated_at) "
                f"from contract.{view} order by all"
            ).fetchall()
            for (view,) in views
        }
