"""Landing: how a row that the source no longer has is found, by comparison and by tombstones. The source is SQLite.

What lands of new and changed rows does not belong here.
"""

import sqlite3
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.sources.config import SqlSystem
from dagster_project.sources.landing import Landing, Load, land
from dagster_project.sources.readers import open_system

FIRST = datetime(2026, 6, 1, 3)


class Shop:
    """A database with orders and a list of deletions, and the raw folder that its orders land in."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.database = folder / "shop.sqlite"
        self.execute("create table orders (id integer, updated_at text)")
        self.execute("create table deletions (record text, kind text, at text)")

    def execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            connection.execute(statement)

    def land(self, day: int, **table: object) -> Landing:
        tables = {"orders": {"key": ["id"], **table}, "deletions": None}
        system = SqlSystem(name="shop", platform="shop", kind="sql", url=f"sqlite:///{self.database}", tables=tables)
        load = Load(f"run-{day:04}", FIRST + timedelta(days=day), FIRST.date() + timedelta(days=day))
        with open_system(system, Home(self.folder)) as reader:
            return land(reader, "orders", system.tables["orders"], self.raw, self.folder / "rejects", load)

    @property
    def raw(self) -> Path:
        return self.folder / "raw"

    def newest(self) -> dict[int, bool]:
        """Whether each order's newest version in raw is a deletion."""
        rows = duckdb.execute(
            "select id, arg_max(_is_deleted, _loaded_at) from read_parquet(?) group by id",
            [str(self.raw / "*.parquet")],
        )
        return dict(rows.fetchall())


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def _insert(shop: Shop, *ids: int, at: str = "2026-06-01 00:00:00") -> None:
    for id_ in ids:
        shop.execute(f"insert into orders values ({id_}, '{at}')")


COMPARED = {"cursor": "updated_at", "compare_every_days": 7}


def test_a_comparison_finds_what_is_gone_and_only_once(shop: Shop):
    _insert(shop, 1, 2, 3)
    assert shop.land(0, **COMPARED).deleted == 0
    shop.execute("delete from orders where id = 2")
    assert (found := shop.land(7, **COMPARED)).deleted == found.rows == 1
    assert shop.newest() == {1: False, 2: True, 3: False}
    assert shop.land(14, **COMPARED).rows == 0


def test_a_comparison_waits_for_its_day(shop: Shop):
    _insert(shop, 1, 2)
    shop.land(0, **COMPARED)
    shop.execute("delete from orders where id = 2")
    assert [shop.land(day, **COMPARED).deleted for day in (1, 6, 7)] == [0, 0, 1]


def test_a_comparison_finds_what_came_below_the_cursor(shop: Shop):
    _insert(shop, 1)
    shop.land(0, **COMPARED)
    _insert(shop, 2, at="2020-01-01 00:00:00")
    assert [shop.land(day, **COMPARED).rows for day in (1, 7)] == [0, 1]


def test_a_row_that_is_there_again_lands_again(shop: Shop):
    _insert(shop, 1, 2)
    shop.land(0, compare_every_days=1)
    shop.execute("delete from orders where id = 2")
    shop.land(1, compare_every_days=1)
    _insert(shop, 2)
    assert (back := shop.land(2, compare_every_days=1)).rows == 1
    assert back.deleted == 0
    assert shop.newest() == {1: False, 2: False}


def test_without_a_comparison_nothing_is_called_deleted(shop: Shop):
    _insert(shop, 1, 2)
    shop.land(0)
    shop.execute("delete from orders where id = 2")
    assert shop.land(9).rows == 0


def test_an_emptied_table_deletes_nothing(shop: Shop):
    _insert(shop, 1, 2)
    shop.land(0, **COMPARED)
    shop.execute("delete from orders")
    assert (emptied := shop.land(7, **COMPARED)).rows == 0
    assert not emptied.source_has_rows


@pytest.fixture
def tombstones() -> dict[str, object]:
    where = {"table": "deletions", "column": "record", "deleted_at": "at", "where": {"kind": "orders"}}
    return {"cursor": "updated_at", "tombstones": where}


def test_a_tombstone_deletes_its_row_and_no_other(shop: Shop, tombstones: dict[str, object]):
    _insert(shop, 1, 2, 3)
    shop.land(0, **tombstones)
    shop.execute("delete from orders where id in (2, 3)")
    shop.execute("insert into deletions values ('2', 'orders', '2026-06-01 12:00:00')")
    shop.execute("insert into deletions values ('3', 'customers', '2026-06-01 12:00:00')")
    assert [shop.land(day, **tombstones).deleted for day in (1, 2)] == [1, 0]
    assert shop.newest() == {1: False, 2: True, 3: False}


def test_a_row_written_again_after_its_tombstone_stays(shop: Shop, tombstones: dict[str, object]):
    _insert(shop, 1)
    shop.land(0, **tombstones)
    shop.execute("insert into deletions values ('1', 'orders', '2026-06-01 12:00:00')")
    assert shop.land(1, **tombstones).deleted == 1
    shop.execute("update orders set updated_at = '2026-06-02 12:00:00'")
    assert [shop.land(day, **tombstones).rows for day in (2, 3)] == [1, 0]
    assert shop.newest() == {1: False}


def test_a_comparison_and_tombstones_together_find_each_row_once(shop: Shop, tombstones: dict[str, object]):
    both = {**COMPARED, **tombstones}
    _insert(shop, 1, 2, 3, 4)
    shop.land(0, **both)
    shop.execute("delete from orders where id in (2, 3)")
    for id_ in (3, 4):  # 4 is only marked and still there
        shop.execute(f"insert into deletions values ('{id_}', 'orders', '2026-06-01 12:00:00')")
    assert shop.land(7, **both).deleted == 3
    assert shop.newest() == {1: False, 2: True, 3: True, 4: True}


@pytest.mark.parametrize("kind", ["comparison", "tombstones"])
def test_a_deletion_keeps_the_last_known_version(shop: Shop, tombstones: dict[str, object], kind: str):
    options = {"comparison": COMPARED, "tombstones": tombstones}[kind]
    _insert(shop, 1, 2)
    shop.land(0, **options)
    shop.execute("delete from orders where id = 1")
    shop.execute("insert into deletions values ('1', 'orders', '2026-06-03 00:00:00')")
    shop.land(8, **options)
    files = str(shop.raw / "*.parquet")
    deletion = duckdb.execute(
        "select id, updated_at, _load_id from read_parquet(?) where _is_deleted", [files]
    ).fetchall()
    assert deletion == [(1, "2026-06-01 00:00:00", "run-0008")]
