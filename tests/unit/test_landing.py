"""Landing: what of a source table lands under raw/, and what does not land again. The source is a Parquet file.

How each kind of system is read and how deletions are found do not belong here.
"""

import os
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.sources.config import FilesSystem, SourceError
from dagster_project.sources.landing import Landing, Load, land
from dagster_project.sources.readers import open_system

FIRST = datetime(2026, 6, 1, 3)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A raw folder whose path has characters that SQL and globs give a meaning to."""
    return tmp_path / "o'brien [raw]" / "shop=mine" / "orders"


@pytest.fixture
def landing(folder: Path, tmp_path: Path) -> Callable[..., Landing]:
    """Lands the rows of a query, a day after the landing before."""
    count = 0

    def run(query: str, **table: object) -> Landing:
        nonlocal count
        count += 1
        day = timedelta(days=count)
        file = tmp_path / "orders.parquet"
        duckdb.sql(query).write_parquet(str(file))
        os.utime(file, ns=(count, count))
        system = FilesSystem(name="shop", platform="shop", kind="files", path=str(file), tables={"orders": table})
        with open_system(system, Home(tmp_path)) as reader:
            load = Load(f"run-{count:04}", FIRST + day, FIRST.date() + day)
            return land(reader, "orders", system.tables["orders"], folder, tmp_path / "rejects", load)

    return run


def _raw(folder: Path, columns: str = "* exclude (_loaded_at, _load_id, _as_of, _is_deleted)") -> list[tuple]:
    files = [str(path) for path in sorted(folder.glob("*.parquet"))]
    return duckdb.execute(
        f"select {columns} from read_parquet(?, union_by_name = true, hive_partitioning = false) order by all", [files]
    ).fetchall()


def _values(*rows: str, columns: str = "id, updated_at") -> str:
    return f"select * from (values {', '.join(rows)}) as given ({columns})"


def test_the_first_landing_writes_every_row_with_its_load(landing, folder: Path):
    landed = landing(_values("(1, 'a')", "(2, null)"))
    assert (landed.rows, landed.rows_before, landed.source_has_rows) == (2, 0, True)
    assert landed.columns == {"id": "INTEGER", "updated_at": "VARCHAR"}
    assert (landed.new_columns, landed.missing_columns) == ((), ())
    assert [path.parent for path in landed.files] == [folder]
    assert _raw(folder, "id, _loaded_at, _load_id, _as_of") == [
        (1, datetime(2026, 6, 2, 3), "run-0001", date(2026, 6, 2)),
        (2, datetime(2026, 6, 2, 3), "run-0001", date(2026, 6, 2)),
    ]


def test_no_news_writes_no_file(landing, folder: Path):
    rows = _values("(1, timestamp '2026-06-01')", "(1, timestamp '2026-06-01')", "(2, null)")
    landing(rows, cursor="updated_at")
    again = landing(rows, cursor="updated_at")
    assert (again.rows, again.rows_before, again.files) == (0, 3, ())
    assert len(list(folder.glob("*.parquet"))) == 1


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
    versions = [
        "(null::varchar, 'a')",
        "('NULL', 'a')",
        "('', 'a')",
        "('b, c', 'a')",
        "('b', 'c, a')",
        "('b'', ''c', 'a')",
    ]
    for version in versions:
        assert landing(_values(version)).rows == 1
    assert len(_raw(folder)) == len(versions)


def test_a_table_of_one_column_lands_its_nulls_once(landing, folder: Path):
    landing(_values("(1)", "(null)", columns='"the ""id"""'))
    assert landing(_values("(1)", "(null)", "(2)", columns='"the ""id"""')).rows == 1
    assert _raw(folder) == [(1,), (2,), (None,)]


def test_an_empty_table_lands_its_columns_and_later_its_rows(landing, folder: Path):
    empty = landing("select 1 as id, timestamp '2026-06-01' as updated_at where false", cursor="updated_at")
    assert (empty.rows, empty.source_has_rows) == (0, False)
    assert empty.columns == {"id": "INTEGER", "updated_at": "TIMESTAMP"}
    assert _raw(folder) == []
    assert landing(_values("(1, timestamp '2026-06-01')"), cursor="updated_at").rows == 1


def test_a_table_that_had_rows_and_is_empty_says_so(landing):
    landing(_values("(1, 1)"))
    emptied = landing("select 1 as id, 1 as updated_at where false")
    assert (emptied.rows, emptied.rows_before, emptied.source_has_rows) == (0, 1, False)


def test_a_new_column_lands_with_every_row_that_has_a_value_in_it(landing, folder: Path):
    landing(_values("(1, 5)", "(2, 7)", "(3, 5)"), cursor="updated_at")
    wider = _values("(1, 5, 'x')", "(2, 7, 'y')", "(3, 5, null)", columns="id, updated_at, word")
    assert (news := landing(wider, cursor="updated_at")).new_columns == ("word",)
    assert (news.rows, landing(wider, cursor="updated_at").rows) == (2, 0)
    assert _raw(folder, "id, word") == [(1, "x"), (1, None), (2, "y"), (2, None), (3, None)]


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
    assert len(list(folder.glob("*.parquet"))) == 1
    assert landing(_values("(1, 1)", "(2, 2)")).rows == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [("2", "'2'"), ("'2'", "2"), ("2", "2.5::double"), ("date '2026-06-01'", "timestamp '2026-06-01'")],
)
def test_a_column_of_another_kind_lands_nothing_until_it_is_cast(landing, folder: Path, before: str, after: str):
    landing(_values(f"(1, {before})"))
    kept = duckdb.sql(f"select typeof({before})").fetchone()[0]
    now = duckdb.sql(f"select typeof({after})").fetchone()[0]
    broken = landing(_values(f"(1, {after})"))
    assert (broken.rows, broken.retyped_columns) == (0, (f"updated_at ({kept} in raw, now {now})",))
    assert len(_raw(folder)) == 1
    cast = landing(_values(f"(1, {before})", f"(2, {before})"), columns={"updated_at": kept})
    assert (cast.rows, cast.retyped_columns) == (1, ())


@pytest.mark.parametrize(("before", "after"), [("2::smallint", "2::bigint"), ("2::decimal(4, 1)", "2::decimal(18, 4)")])
def test_a_wider_type_of_the_same_kind_is_no_news(landing, before: str, after: str):
    landing(_values(f"(1, {before})"))
    wider = landing(_values(f"(1, {after})", f"(2, {after})"))
    assert (wider.rows, wider.retyped_columns) == (1, ())


def test_a_file_that_did_not_change_is_not_read(landing, tmp_path: Path, folder: Path):
    landing(_values("(1, 1)"))
    file = tmp_path / "orders.parquet"
    known, size = file.stat(), len(file.read_bytes())
    system = FilesSystem(name="shop", platform="shop", kind="files", path=str(file), tables={"orders": None})

    def again() -> int:
        with open_system(system, Home(tmp_path)) as reader:
            load = Load("again", FIRST + timedelta(days=9), date(2026, 6, 9))
            return land(reader, "orders", system.tables["orders"], folder, tmp_path / "rejects", load).rows

    duckdb.sql(_values("(2, 2)")).write_parquet(str(file))
    assert len(file.read_bytes()) == size
    os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))
    assert again() == 0
    os.utime(file)
    assert again() == 1


def test_a_row_that_changes_back_lands_again(landing, folder: Path):
    for word in ("a", "b", "a", "a"):
        landing(_values(f"(1, '{word}')", columns="id, word"), key=("id",))
    assert _raw(folder, "_loaded_at, word") == [
        (FIRST + timedelta(days=1), "a"),
        (FIRST + timedelta(days=2), "b"),
        (FIRST + timedelta(days=3), "a"),
    ]


@pytest.mark.parametrize(
    ("look_back", "cursors"),
    [
        ("2 days", ["timestamp '2026-06-01'", "timestamp '2026-06-02'", "timestamp '2026-06-04'"]),
        ("2 days", ["date '2026-06-01'", "date '2026-06-02'", "date '2026-06-04'"]),
        ("2 days", ["'2026-06-01T00:00:00Z'", "'2026-06-02T02:00:00+02:00'", "'2026-06-04'"]),
        (3, ["6", "7", "10"]),
    ],
    ids=["timestamp", "date", "text", "number"],
)
def test_a_look_back_finds_what_was_committed_late(landing, folder: Path, look_back: object, cursors: list[str]):
    too_late, late, newest = cursors
    options = {"cursor": "updated_at", "look_back": look_back}
    landing(_values(f"(3, {newest})"), **options)
    news = landing(_values(f"(1, {too_late})", f"(2, {late})", f"(3, {newest})"), **options)
    assert news.rows == 1
    assert _raw(folder, "id") == [(2,), (3,)]


@pytest.mark.parametrize(("look_back", "cursor"), [("2 hours", "7"), (5, "timestamp '2026-06-01'")])
def test_a_look_back_of_another_kind_than_its_cursor_is_refused(landing, look_back: object, cursor: str):
    with pytest.raises(SourceError, match="The table orders looks back"):
        landing(_values(f"(1, {cursor})"), cursor="updated_at", look_back=look_back)


def test_a_time_in_the_future_does_not_hide_what_comes(landing, folder: Path):
    now = f"timestamp '{FIRST}'"
    landing(_values("(1, timestamp '2099-01-01')", f"(2, {now})"), cursor="updated_at")
    later = _values("(1, timestamp '2099-01-01')", f"(2, {now})", f"(3, {now} + interval 1 hour)")
    assert landing(later, cursor="updated_at").rows == 1
    assert _raw(folder, "id") == [(1,), (2,), (3,)]


def test_what_a_crash_left_unfinished_is_neither_raw_nor_kept(landing, folder: Path):
    landing(_values("(1, 1)"))
    (folder / "20260602T040000000000-crashed.parquet.tmp").write_bytes(b"half a file")
    assert landing(_values("(1, 1)", "(2, 2)")).rows_before == 1
    assert _raw(folder, "id") == [(1,), (2,)]
    assert not list(folder.glob("*.tmp"))


def test_two_runs_of_one_moment_write_two_files():
    assert len({Load(run, FIRST, FIRST.date()).name for run in ("aaaaaaaa-1", "bbbbbbbb-2")}) == 2
