"""An erasure as a whole, on a home with raw files and copies: what goes, and that it may break off anywhere.

Whom requests name and what becomes of single rows do not belong here.
"""

import shutil
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest
from erasure_source import DAY, extract, raw_rows, write_rows, write_source

from dagster_project.erasure import people, removal
from dagster_project.erasure.assets import carry_out
from dagster_project.erasure.erased import ErasureError
from dagster_project.erasure.people import NOBODY, People, Requests
from dagster_project.home import Home
from dagster_project.sources.config import Source

REQUESTS = Requests(1, frozenset(["shop/requests"]), DAY)
ANN = People(1, [("email", "", "ann@example.org")], ["key of ann"])
NO_REQUESTS = Requests(0, frozenset(), None)
BY_EMAIL = {"key": ["id"], "person": {"email": "email"}}
REQUESTED = {"key": ["id"], "person": {"email": "email", "requests": True}}
ROWS = {
    "customers": "(values (1, 'ann@example.org'), (2, 'bob@example.org')) as given (id, email)",
    "requests": "(values (1, 'Ann@example.org')) as given (id, email)",
}
STEPS = ["remove_customers", "learn_rows", "remove_warehouse", "withdraw_erased", "check_nothing_is_left"]


class PowerCut(Exception):
    pass


class Contract:
    """The dbt project, as far as an erasure builds it."""

    def refresh_stage(self, name: str) -> None:
        assert name == "contract_stage"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "o'brien")


@pytest.fixture
def source(tmp_path: Path, home: Home) -> Source:
    """A shop that keeps the requests itself, extracted, and what runs made of it."""
    source = write_source(tmp_path / "shop", {"customers": BY_EMAIL, "requests": REQUESTED}, ROWS)
    extract(source, home, run=1)
    for file in (home.snapshot(DAY), home.assignment("spring")):
        file.parent.mkdir(parents=True)
        rows = "select unnest(['key of ann', 'key of bob']) as customer_key"
        duckdb.execute(
            f"copy ({rows}) to '{str(file).replace(chr(39), chr(39) * 2)}' (format parquet, kv_metadata {{day: 'D'}})"
        )
    home.exchange.mkdir()
    for file in _made_again(home):
        file.touch()
    return source


def _made_again(home: Home) -> list[Path]:
    wal = home.warehouse.with_name("warehouse.duckdb.wal")
    return [home.warehouse, wal, home.exchange / "phone.parquet", home.exchange / "identity_component.parquet"]


def _keys(file: Path) -> list[str]:
    return [key for (key,) in duckdb.read_parquet(str(file)).project("customer_key").fetchall()]


def _assert_ann_is_gone(home: Home) -> None:
    assert raw_rows(home, "customers") == [(2, "bob@example.org")]
    assert raw_rows(home, "requests") == []
    assert [_keys(home.snapshot(DAY)), _keys(home.assignment("spring"))] == [["key of bob"], ["key of bob"]]
    assert [file for file in _made_again(home) if file.exists()] == []


def test_everything_goes_and_is_told_in_numbers(source: Source, home: Home):
    assert removal.remove(source, home, REQUESTS, ANN) == {
        "rows_removed": 2,
        "rows_emptied": 0,
        "files_rewritten": 2,
        "rows_of_snapshots_and_experiments": 2,
    }
    _assert_ann_is_gone(home)
    (metadata,) = duckdb.execute(
        "select decode(value) from parquet_kv_metadata(?) where decode(key) = 'day'", [str(home.assignment("spring"))]
    ).fetchall()
    assert metadata == ("D",)


@pytest.mark.parametrize("step", STEPS)
def test_one_that_breaks_off_is_asked_for_still_and_ends_the_next_time(
    source: Source, home: Home, monkeypatch: pytest.MonkeyPatch, step: str
):
    """By the request as long as raw is whole, then by the list: what is left of raw could name others."""
    done: Callable = getattr(removal, step)

    def cut(*arguments: object, **named: object) -> None:
        done(*arguments, **named)
        raise PowerCut

    with monkeypatch.context() as broken, pytest.raises(PowerCut):
        broken.setattr(removal, step, cut)
        removal.remove(source, home, REQUESTS, ANN)
    assert raw_rows(home, "requests") == [(1, "Ann@example.org")]
    home.warehouse.touch()  # the next run makes it again before it erases

    resolved = []
    monkeypatch.setattr(people, "pending", lambda _: REQUESTS if raw_rows(home, "requests") else NO_REQUESTS)
    monkeypatch.setattr(people, "resolve", lambda *_: resolved.append(1) or ANN)
    assert carry_out(Contract(), source, home)["people"] == len(resolved) == (step == "remove_customers")
    _assert_ann_is_gone(home)


def test_a_note_that_breaks_off_is_none(source: Source, home: Home, monkeypatch: pytest.MonkeyPatch):
    def cut(file: Path, _: str) -> None:
        file.write_bytes(b"")
        raise PowerCut

    removal.remove(source, home, REQUESTS, ANN)
    home.warehouse.touch()
    with monkeypatch.context() as broken, pytest.raises(PowerCut):
        broken.setattr(Path, "write_text", cut)
        removal.remove(source, home, NO_REQUESTS, NOBODY)
    assert removal.is_carried_out(home)


def test_what_is_refused_leaves_nothing_to_compute_of_them_or_to_send_to_them(source: Source, home: Home):
    """By then raw may no longer tell which keys they had."""
    publication = home.publications / "run-1"
    (publication / "audiences").mkdir(parents=True)
    home.published.symlink_to(publication)
    (system,) = source.systems
    customers = system.tables["customers"].model_copy(update={"person": "nobody"})
    system = system.model_copy(update={"tables": {**system.tables, "customers": customers}})
    with pytest.raises(ErasureError, match="The column email of the table shop/customers still holds"):
        removal.remove(source.model_copy(update={"systems": (system,)}), home, REQUESTS, ANN)
    assert [file for file in _made_again(home) if file.exists()] == []
    assert not (publication / "audiences").exists()


def test_what_a_crash_left_of_copies_goes(source: Source, home: Home):
    left = [home.snapshots / "as_of_date=2026-06-29.tmp", home.experiments / "summer.tmp"]
    for file in left:
        file.write_text("key of ann")
    removal.remove(source, home, REQUESTS, ANN)
    assert [file for file in left if file.exists()] == []


def test_a_raw_that_is_restored_from_before_an_erasure_is_cleaned_again(source: Source, home: Home, tmp_path: Path):
    assert removal.is_carried_out(home)
    backup = shutil.copytree(home.folder / "raw", tmp_path / "backup")
    removal.remove(source, home, REQUESTS, ANN)
    assert removal.is_carried_out(home)
    shutil.rmtree(home.folder / "raw")
    shutil.copytree(backup, home.folder / "raw")
    shutil.rmtree(home.raw("shop", "requests"))  # nothing asks for it any more
    home.warehouse.touch()
    assert not removal.is_carried_out(home)
    assert removal.remove(source, home, NO_REQUESTS, NOBODY)["rows_removed"] == 1
    assert removal.is_carried_out(home)
    assert raw_rows(home, "customers") == [(2, "bob@example.org")]


def test_requests_that_would_stay_for_ever_are_refused(source: Source, home: Home):
    """Their table says nothing of the e-mail that the request bears."""
    (system,) = source.systems
    person = system.tables["requests"].person.model_copy(update={"email": (), "phone": ("email",)})
    requests = system.tables["requests"].model_copy(update={"person": person})
    system = system.model_copy(update={"tables": {**system.tables, "requests": requests}})
    with pytest.raises(ErasureError, match="The requests of the table shop/requests were carried out but stay in it"):
        removal.remove(source.model_copy(update={"systems": (system,)}), home, REQUESTS, ANN)
    assert not removal.is_carried_out(home)  # ended by the list, once the table is mended


@pytest.mark.parametrize("platform", ["demo_shop", "demo_crm"])
def test_requests_of_a_table_that_is_not_said_to_hold_them_are_refused(source: Source, home: Home, platform: str):
    """Also where another table of a system that has such requests may hold them."""
    (system,) = source.systems
    tables = {**system.tables, "requests": system.tables["customers"]}
    system = system.model_copy(update={"tables": tables, "platform": platform})
    asked = REQUESTS if platform == "demo_shop" else NO_REQUESTS
    with pytest.raises(ErasureError, match=r"the (table shop/requests|system shop) holds such requests: add requests"):
        removal.remove(source.model_copy(update={"systems": (system,)}), home, asked, ANN)
    assert not home.erased.exists()


def test_a_shop_in_the_contracts_shape_without_requests_of_its_own_holds_up_nobodys(source: Source, home: Home):
    (system,) = source.systems
    customers = {"customers": system.tables["customers"]}
    exports = system.model_copy(update={"name": "exports", "platform": "contract", "tables": customers})
    removed = removal.remove(source.model_copy(update={"systems": (system, exports)}), home, REQUESTS, ANN)
    assert removed["rows_removed"] == 2


def test_older_versions_of_a_request_go_with_it(source: Source, home: Home, tmp_path: Path):
    """Else the typing error that it mended would be asked for next."""
    mistyped = ROWS["requests"].replace("Ann@", "bob@").replace("(1,", "(2,")
    write_rows(tmp_path / "shop", {"requests": mistyped})
    extract(source, home, run=2)
    write_rows(tmp_path / "shop", {"requests": mistyped.replace("bob@", "ann@")})
    extract(source, home, run=3)
    assert len(raw_rows(home, "requests")) == 3
    removal.remove(source, home, REQUESTS, ANN)
    assert raw_rows(home, "requests") == []
