"""A publication replaces the one before in one step. What is public stands elsewhere."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.publish import publication
from dagster_project.publish.audience_config import Audience, AudienceError, Audiences
from dagster_project.publish.publication import (
    holds_erased,
    publish,
    published_as_of,
    unfinished_bytes,
    withdraw_erased,
)
from dagster_project.warehouse import AsOfError

DAY = date(2026, 6, 30)
TABLES = {"fct_customer": "core", "dim_category": "core", "customer_segments": "segments"}
READER = """
import sys, duckdb
marts = duckdb.connect(sys.argv[1], read_only=True)
ask = lambda: marts.execute("select max(customer_key) from fct_customer").fetchone()[0]
print(ask(), flush=True)
sys.stdin.readline()
print(ask(), flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "o'brien")


@pytest.fixture
def warehouse(home: Home) -> Callable[..., None]:
    """Writes a warehouse whose tables hold one customer, as of a day; `segments_as_of` may be another day."""

    def write(customer: str, as_of: date | None = DAY, segments_as_of: date | None = None) -> None:
        home.folder.mkdir(exist_ok=True)
        with duckdb.connect(str(home.warehouse)) as connection:
            connection.execute("create schema if not exists core; create schema if not exists segments")
            connection.execute("create or replace table core.dim_category as select 'b' as name union all select 'a'")
            for table, day in (("core.fct_customer", as_of), ("segments.customer_segments", segments_as_of or as_of)):
                connection.execute(
                    f"create or replace table {table} as select ? as customer_key, cast(? as date) as as_of_date",
                    [customer, day],
                )
                connection.execute(f"delete from {table} where as_of_date is null")

    return write


def _customers(path: Path) -> list[tuple]:
    with duckdb.connect(str(path), read_only=True) as marts:
        return marts.execute("select customer_key, as_of_date from fct_customer").fetchall()


def test_a_publication_is_a_folder_with_database_parquet_and_manifest(home: Home, warehouse):
    warehouse("ann")
    manifest = publish(home, "run-1", DAY, TABLES)
    assert os.readlink(home.published) == "publications/run-1"
    assert {path.name for path in home.published.iterdir()} == {"marts.duckdb", "parquet", "manifest.json"}
    assert json.loads((home.published / "manifest.json").read_text()) == manifest
    assert (manifest["run_id"], manifest["as_of_date"], published_as_of(home)) == ("run-1", "2026-06-30", DAY)
    assert _customers(home.published / "marts.duckdb") == [("ann", DAY)]
    assert set(manifest["tables"]) == set(TABLES)
    for name, described in manifest["tables"].items():
        content = (home.published / "parquet" / f"{name}.parquet").read_bytes()
        digest = hashlib.sha256(content).hexdigest()
        rows = {"dim_category": 2}.get(name, 1)
        assert described == {"rows": rows, "bytes": len(content), "sha256": digest}


def test_rows_are_in_the_order_that_is_asked_for_else_in_that_of_all_columns(home: Home, warehouse):
    warehouse("ann")
    for order_by, names in (({}, ["a", "b"]), ({"dim_category": ["name desc"]}, ["b", "a"])):
        publish(home, "run-1", DAY, TABLES, order_by=order_by)
        parquet = str(home.published / "parquet" / "dim_category.parquet")
        assert [name for (name,) in duckdb.read_parquet(parquet).fetchall()] == names


def test_texts_lie_beside_the_tables(home: Home, warehouse):
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES, texts={"page.html": "a page", "folder/target/file.json": "{}"})
    assert (home.published / "page.html").read_text() == "a page"
    assert (home.published / "folder" / "target" / "file.json").read_text() == "{}"


def test_a_reader_of_the_old_publication_stays_undisturbed(home: Home, warehouse):
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    marts = str(home.published / "marts.duckdb")
    with subprocess.Popen(
        [sys.executable, "-c", READER, marts], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout.readline() == "ann\n"
        for run in range(2, 7):
            warehouse(f"bob {run}")
            publish(home, f"run-{run}", DAY, TABLES)
        assert not (home.publications / "run-1").exists()
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "ann\n"
    assert _customers(Path(marts)) == [("bob 6", DAY)]


def test_three_publications_are_kept(home: Home, warehouse):
    warehouse("ann")
    for run in range(1, 6):
        publish(home, f"run-{run}", DAY, TABLES)
    assert {path.name for path in home.publications.iterdir()} == {"run-3", "run-4", "run-5"}
    assert os.readlink(home.published) == "publications/run-5"


def test_what_tells_of_an_erased_person_goes_with_the_next_publication(home: Home, warehouse):
    for number in (1, 2):
        warehouse(f"customer {number}")
        publish(home, f"run-{number}", DAY, TABLES)
    (home.published / "audiences").mkdir()
    withdraw_erased(home)
    assert [path.name for path in home.publications.iterdir()] == ["run-2"]
    assert _customers(home.published / "marts.duckdb") == [("customer 2", DAY)]
    assert not (home.published / "audiences").exists()
    assert holds_erased(home)
    warehouse("customer 3")
    publish(home, "run-3", DAY, TABLES)
    assert [path.name for path in home.publications.iterdir()] == ["run-3"]
    assert not holds_erased(home)


def test_a_home_that_never_published_has_nothing_to_withdraw(home: Home):
    withdraw_erased(home)
    assert not holds_erased(home)
    assert not home.publications.exists()


def test_a_run_that_breaks_off_leaves_the_last_publication_and_no_leftovers_for_ever(home: Home, warehouse):
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    warehouse("bob")
    with pytest.raises(duckdb.Error):
        publish(home, "run-2", DAY, {**TABLES, "seg_missing": "segments"})
    assert (home.publications / ".run-2").exists()
    assert _customers(home.published / "marts.duckdb") == [("ann", DAY)]
    publish(home, "run-3", DAY, TABLES)
    assert {path.name for path in home.publications.iterdir()} == {"run-1", "run-3"}
    assert _customers(home.published / "marts.duckdb") == [("bob", DAY)]


def test_a_crash_before_the_swap_leaves_the_last_publication(home: Home, warehouse, monkeypatch: pytest.MonkeyPatch):
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    warehouse("bob")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
        patch.setattr(publication.os, "replace", _power_cut)
        publish(home, "run-2", DAY, TABLES)
    assert _customers(home.published / "marts.duckdb") == [("ann", DAY)]
    publish(home, "run-3", DAY, TABLES)
    assert _customers(home.published / "marts.duckdb") == [("bob", DAY)]
    assert not home.published.with_name("published.tmp").is_symlink()


VIPS = {"name": "vips", "segment": "vip", "channel": "email", "format": "csv", "destination": "mail"}


def test_audiences_are_in_place_before_the_publication_is(home: Home, warehouse, monkeypatch: pytest.MonkeyPatch):
    """Compared with the publication that stands: one that never came to stand is none."""
    audiences = Audiences(audiences=(Audience(**VIPS),))
    full, add, remove = (Path("audiences", "mail", f"vips_{kind}.csv") for kind in ("full", "add", "remove"))
    warehouse("ann")
    _make_vip(home, "ann")
    manifest = publish(home, "run-1", DAY, TABLES, audiences)
    assert (home.published / full).read_text() == '"email"\n"ann@x.de"\n'
    assert json.loads((home.published / "manifest.json").read_text())["audiences"] == manifest["audiences"]
    _make_vip(home, "bob")
    with monkeypatch.context() as patch, pytest.raises(OSError, match="power cut"):
        patch.setattr(publication.os, "replace", _power_cut)
        publish(home, "run-2", DAY, TABLES, audiences)
    assert (home.publications / "run-2" / full).read_text() == '"email"\n"bob@x.de"\n'
    assert (home.published / full).read_text() == '"email"\n"ann@x.de"\n'
    _make_vip(home, "cleo")
    publish(home, "run-3", DAY, TABLES, audiences)
    assert (home.published / add).read_text() == '"email"\n"cleo@x.de"\n'
    assert (home.published / remove).read_text() == '"email"\n"ann@x.de"\n'


def test_a_date_older_than_the_published_one_has_no_audiences(home: Home, warehouse):
    """As after an erasure: who has withdrawn their consent since had it on that date."""
    audiences, earlier = Audiences(audiences=(Audience(**VIPS),)), date(2026, 6, 1)
    warehouse("ann")
    _make_vip(home, "ann")
    publish(home, "run-1", DAY, TABLES, audiences)
    withdraw_erased(home)
    warehouse("ann", as_of=earlier)
    _make_vip(home, "ann", as_of=earlier)
    assert publish(home, "run-2", earlier, TABLES, audiences)["audiences"] == {}
    assert not (home.published / "audiences").exists()
    assert published_as_of(home) == earlier


def test_an_audience_that_cannot_be_written_leaves_the_last_publication(home: Home, warehouse):
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    _make_vip(home, "ann")
    for audience in ({**VIPS, "experiment": "letter", "arm": "a"}, VIPS):
        with pytest.raises((AudienceError, AsOfError)):
            publish(home, "run-2", DAY, TABLES, Audiences(audiences=(Audience(**audience),)))
        assert os.readlink(home.published) == "publications/run-1"
        _make_vip(home, "ann", as_of=date(2026, 6, 1))


def test_the_report_is_in_place_with_the_marts_that_it_was_given(home: Home, warehouse):
    def write_report(folder: Path) -> dict[str, str]:
        (folder / "report.html").write_text(f"of {_customers(folder / 'marts.duckdb')[0][0]}")
        return {"about": "ann"}

    def break_off(folder: Path) -> dict[str, str]:
        raise OSError("no space")

    warehouse("ann")
    assert publish(home, "run-1", DAY, TABLES, write_report=write_report)["report"] == {"about": "ann"}
    warehouse("bob")
    with pytest.raises(OSError, match="no space"):
        publish(home, "run-2", DAY, TABLES, write_report=break_off)
    assert (home.published / "report.html").read_text() == "of ann"
    assert _customers(home.published / "marts.duckdb") == [("ann", DAY)]


def test_what_is_written_so_far_is_known_until_it_is_in_place(home: Home, warehouse):
    during: list[tuple[int, int]] = []

    def write_report(folder: Path) -> dict[str, str]:
        files = [folder / "marts.duckdb", *(folder / "parquet" / f"{table}.parquet" for table in TABLES)]
        during.append((unfinished_bytes(home), sum(file.stat().st_size for file in files)))
        return {}

    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    publish(home, "run-2", DAY, TABLES, write_report=write_report)
    [(said, written)] = during
    assert said == written > 0 == unfinished_bytes(home)


def _make_vip(home: Home, customer: str, as_of: date = DAY) -> None:
    """The only member of the segment, contactable by e-mail, as of a day."""
    with duckdb.connect(str(home.warehouse)) as connection:
        connection.execute(f"""
            create or replace table segments.segment_membership as
            select '{customer}' as customer_key, 'vip' as segment, date '{as_of}' as as_of_date;
            create or replace table segments.int_audience_customer as
            select '{customer}' as customer_key, '{customer}@x.de' as email, true as is_contactable_by_email,
                date '{as_of}' as as_of_date
        """)


def _power_cut(*_: object) -> None:
    raise OSError("power cut")


@pytest.mark.parametrize("stale", [{"as_of": date(2026, 6, 1)}, {"segments_as_of": date(2026, 6, 1)}])
def test_tables_of_another_date_are_not_published(home: Home, warehouse, stale: dict):
    """As after a recompute of an older date, of all tables or of one."""
    warehouse("ann")
    publish(home, "run-1", DAY, TABLES)
    warehouse("bob", **stale)
    with pytest.raises(AsOfError, match=r"for 2026-06-30, but \S+ holds 2026-06-01: run recompute for 2026-06-30"):
        publish(home, "run-2", DAY, TABLES)
    assert _customers(home.published / "marts.duckdb") == [("ann", DAY)]


def test_a_date_before_the_first_customer_is_no_other_date(home: Home, warehouse):
    warehouse("nobody", as_of=None)
    publish(home, "run-1", DAY, TABLES)
    assert _customers(home.published / "marts.duckdb") == []
