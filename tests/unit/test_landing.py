"""Landing: what of a source table lands under raw/, and what does not land again. Real Parquet and SQLite files.

How a table of a system becomes a relation and what it is configured with do not belong here.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.sources.config import System
from dagster_project.sources.landing import Landing, Load, land
from dagster_project.sources.readers import relation

FIRST = datetime(2026, 6, 1, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A raw folder whose path has characters that SQL and globs give a meaning to."""
    return tmp_path / "o'brien [raw]" / "shop=mine" / "orders"


@pytest.fixture
def landing(folder: Path) -> Callable[..., Landing]:
    """Lands the rows of a query, a day after the landing before."""
    count = 0

    def run(query: str, **options) -> Landing:
        nonlocal count
        count += 1
        load = Load(f"run-{count:04}", FIRST + timedelta(days=count), date(2026, 6, 1) + timedelta(days=count))
        with duckdb.connect() as connection:
            return land(connection, f"({query})", folder, load, **options)

    return run


def _raw(folder: Path, columns: str = "* exclude (_loaded_at, _load_id, _as_of)") -> list[tuple]:
    files = [str(path) for path in sorted(folder.glob("*.parquet"))]
    return duckdb.execute(
        f"select {columns} from read_parquet(?, union_by_name = true, hive_partitioning = false) order by all", [files]
    ).fetchall()


def _values(*rows: str, columns: str = "id, updated_at") -> str:
    return f"select * from (values {', '.join(rows)}) as given ({columns})"


def test_the_first_landing_writes_every_row_with_its_load(landing, folder: Path):
    landed = landing(_values("(1, 'a')", "(2, null)"))
    assert (landed.rows, landed.rows_before, landed.source_has_rows) == (2, 0, True)
    assert (landed.columns, landed.new_columns, landed.missing_columns) == (("id", "updated_at"), (), ())
    assert [path.parent for path in landed.files] == [folder]
    assert landed.bytes == landed.files[0].stat().st_size > 0
    assert _raw(folder, "id, _loaded_at, _load_id, _as_of") == [
        (1, datetime(2026, 6, 2, 3), "run-0001", date(2026, 6, 2)),
        (2, datetime(2026, 6, 2, 3), "run-0001", date(2026, 6, 2)),
    ]


def test_no_news_writes_no_file(landing, folder: Path):
    rows = _values("(1, timestamp '2026-06-01')", "(1, timestamp '2026-06-01')", "(2, null)")
    landing(rows, cursor="updated_at")
    again = landing(rows, cursor="updated_at")
    assert (again.rows, again.rows_before, again.files, again.bytes) == (0, 3, (), 0)
    assert len(list(folder.iterdir())) == 1


def test_only_rows_from_the_cursor_on_are_read_ties_and_changes_included(landing, folder: Path):
    landing(_values("(1, 5, 'a')", "(2, 7, 'a')", columns="id, cursor, word"), cursor="cursor")
    news = landing(
        _values("(1, 5, 'unseen')", "(2, 7, 'changed')", "(3, 7, 'tie')", "(4, 8, 'new')", columns="id, cursor, word"),
        cursor="cursor",
    )
    assert (news.rows, news.cursor) == (3, "8")
    assert _raw(folder, "id, word") == [(1, "a"), (2, "a"), (2, "changed"), (3, "tie"), (4, "new")]


@pytest.mark.parametrize(
    ("landed", "new"),
    [
        ("timestamp '2026-06-01'", "null"),
        ("'2026-06-01T00:00:00Z'", "'2026-06-01T00:00:00.5Z'"),
        ("'2026-06-01T02:00:00+02:00'", "'2026-06-01T00:30:00Z'"),
        ("'9'", "'10'"),
        ("'a'", "'''; b'"),
        ("timestamptz '2026-06-01 00:00:00+00'", "timestamptz '2026-06-01 02:30:00+02'"),
        ("9::decimal(8, 2)", "10::decimal(8, 2)"),
    ],
    ids=["unknown", "text with fractions", "text with offsets", "numbers as text", "words", "zoned", "decimal"],
)
def test_a_later_cursor_lands_however_it_is_written(landing, folder: Path, landed: str, new: str):
    landing(_values(f"(1, {landed})"), cursor="updated_at")
    both = _values(f"(1, {landed})", f"(2, {new})")
    assert landing(both, cursor="updated_at").rows == 1
    assert landing(both, cursor="updated_at").rows == 0
    assert _raw(folder, "id") == [(1,), (2,)]


def test_values_that_look_alike_are_different_versions(landing, folder: Path):
    versions = ["(null, 'a')", "('NULL', 'a')", "('', 'a')", "('b, c', 'a')", "('b', 'c, a')", "('b'', ''c', 'a')"]
    for version in versions:
        assert landing(_values(version)).rows == 1
    assert len(_raw(folder)) == len(versions)


def test_a_table_of_one_column_lands_its_nulls_once(landing, folder: Path):
    landing(_values("(1)", "(null)", columns='"the ""id"""'))
    assert landing(_values("(1)", "(null)", "(2)", columns='"the ""id"""')).rows == 1
    assert _raw(folder) == [(1,), (2,), (None,)]


def test_an_empty_table_lands_its_columns_and_later_its_rows(landing, folder: Path):
    empty = landing("select 1 as id, timestamp '2026-06-01' as updated_at where false", cursor="updated_at")
    assert (empty.rows, empty.source_has_rows, empty.columns) == (0, False, ("id", "updated_at"))
    assert _raw(folder) == []
    assert landing(_values("(1, timestamp '2026-06-01')"), cursor="updated_at").rows == 1


def test_a_table_that_had_rows_and_is_empty_says_so(landing):
    landing(_values("(1, 1)"))
    emptied = landing("select 1 as id, 1 as updated_at where false")
    assert (emptied.rows, emptied.rows_before, emptied.source_has_rows) == (0, 1, False)


def test_a_new_column_lands_with_the_rows_that_may_have_changed(landing, folder: Path):
    landing(_values("(1, 5)", "(2, 7)"), cursor="updated_at")
    wider = _values("(1, 5, 'x')", "(2, 7, 'y')", columns="id, updated_at, word")
    assert (news := landing(wider, cursor="updated_at")).new_columns == ("word",)
    assert (news.rows, landing(wider, cursor="updated_at").rows) == (1, 0)
    assert _raw(folder, "id, word") == [(1, None), (2, "y"), (2, None)]


@pytest.mark.parametrize(
    ("columns", "options", "missing"),
    [
        ("select 1 as id", {}, ("updated_at",)),
        ("select 1 as id, 1 as updated_at", {"required": ("id", "status")}, ("status",)),
        ("select 1 as id, 1 as updated_at", {"cursor": "changed_at"}, ("changed_at",)),
    ],
    ids=["vanished", "required", "cursor"],
)
def test_a_missing_column_lands_nothing(landing, folder: Path, columns: str, options: dict, missing: tuple):
    landing(_values("(1, 1)"))
    broken = landing(columns, **options)
    assert (broken.rows, broken.missing_columns, broken.files) == (0, missing, ())
    assert len(list(folder.iterdir())) == 1


def test_a_column_that_became_text_still_lands_once(landing, folder: Path):
    landing(_values("(1, 2)"))
    assert landing(_values("(1, '2')", "(2, 'x')")).rows == 1
    assert landing(_values("(1, '2')", "(2, 'x')")).rows == 0
    assert _raw(folder) == [(1, "2"), (2, "x")]


def test_a_source_with_the_fingerprint_landed_last_is_not_read(landing):
    landing(_values("(1, 1)"), fingerprint="same")
    assert landing(_values("(2, 2)"), fingerprint="same").rows == 0
    assert landing(_values("(2, 2)"), fingerprint="other").rows == 1


def test_what_a_crash_left_unfinished_is_neither_raw_nor_kept(landing, folder: Path):
    landing(_values("(1, 1)"))
    (folder / "20260602T040000000000-crashed.parquet.tmp").write_bytes(b"half a file")
    assert landing(_values("(1, 1)", "(2, 2)")).rows_before == 1
    assert _raw(folder, "id") == [(1,), (2,)]
    assert not list(folder.glob("*.tmp"))


def test_a_failing_source_leaves_raw_as_it_was(landing, folder: Path):
    landing(_values("(1, 'a')"))
    with pytest.raises(duckdb.Error):
        landing("select 1 as id, error('connection lost') as updated_at")
    assert _raw(folder) == [(1, "a")]


def test_two_runs_of_one_second_write_two_files(folder: Path):
    for run in ("aaaaaaaa-1", "bbbbbbbb-2"):
        with duckdb.connect() as connection:
            land(connection, f"(select '{run}' as id)", folder, Load(run, FIRST, date(2026, 6, 1)))
    assert _raw(folder) == [("aaaaaaaa-1",), ("bbbbbbbb-2",)]


def test_a_sqlite_table_lands_and_a_changed_row_lands_again(tmp_path: Path, folder: Path):
    path = tmp_path / "the shop's.sqlite"
    system = System(
        name="order", platform="shop", kind="sql", path=str(path), tables={"group": {"cursor": "updated_at"}}
    )

    def run(statement: str, day: int) -> Landing:
        with closing(sqlite3.connect(path)) as shop:
            shop.execute(statement)
            shop.commit()
        with duckdb.connect() as connection:
            table = relation(connection, system, "group", Home(tmp_path))
            load = Load(f"run-{day:04}", FIRST + timedelta(days=day), date(2026, 6, 1))
            return land(connection, table, folder, load, cursor="updated_at")

    with closing(sqlite3.connect(path)) as shop:
        shop.execute('create table "group" (id integer primary key, word text, updated_at text)')
    assert run("insert into \"group\" values (1, 'a', '2026-06-01T00:00:00')", 1).rows == 1
    assert run("update \"group\" set word = 'b'", 2).rows == 1
    assert run("update \"group\" set word = 'b'", 3).rows == 0
    assert _raw(folder, "id, word") == [(1, "a"), (1, "b")]
