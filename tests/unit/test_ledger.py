"""The ledger of what was made from what, and the versions of dbt's nodes that it holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.ledger import empty, read_ledger, record
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars
from dagster_project.transform.versions import Versions

SYSTEMS = {"demo_shop": ["demo_shop"], "demo_crm": ["demo_crm"]}
SOURCES = "demo_shop.orders", "demo_crm.messages", "exchange.phone", "exchange.prediction_run", "published.snapshot"
DATE, NEXT_DATE = "2026-06-30", "2026-07-01"


def test_it_knows_what_was_entered_last():
    with duckdb.connect() as warehouse:
        assert read_ledger(warehouse) == {}
        record(warehouse, {"a": "1", "b": "1"})
        record(warehouse, {"a": "2", "b": None, "c": "1"})
        assert read_ledger(warehouse) == {"a": "2", "c": "1"}


def test_after_something_broke_off_it_knows_only_what_came_then():
    """Such as a gate, which enters what passes and builds nothing."""
    with duckdb.connect() as warehouse:
        record(warehouse, {"a": "1"})
        assert empty(warehouse) == {"a": "1"}
        record(warehouse, {"gate": "1"})
        assert read_ledger(warehouse) == {"gate": "1"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
    """The manifest of the demo shop's project."""
    source = load_source(Settings(source="demo"))
    return DbtProject(DBT_FOLDER, Home(tmp_path_factory.mktemp("home")), dbt_vars(source), threads=1).manifest


@pytest.fixture
def home(tmp_path: Path, manifest: Mapping[str, Any]) -> Home:
    """A home with a file for every source table of the manifest."""
    home = Home(tmp_path / "home")
    for source in manifest["sources"].values():
        file = _file(home, source)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("some rows")
    return home


def _file(home: Home, source: Mapping[str, Any]) -> Path:
    if source["source_name"] == "exchange":
        return home.exchange / f"{source['name']}.parquet"
    if source["source_name"] == "published":
        return home.snapshots / "as_of_date=2026-06-30.parquet"
    return home.raw(source["source_name"], source["name"]) / "1.parquet"


def _all(manifest: Mapping[str, Any], home: Home, code: str = "code") -> Versions:
    """The versions of a run that builds everything."""
    return Versions(manifest, code, home, SYSTEMS, {}, frozenset(manifest["nodes"]), DATE)


def _differing(manifest: Mapping[str, Any], one: Versions, other: Versions) -> set[str]:
    return {node_id for node_id in manifest["nodes"] if one.of(node_id) != other.of(node_id)}


def _descendants(manifest: Mapping[str, Any], start: set[str]) -> set[str]:
    found, ahead = set(), set(start)
    while ahead:
        found |= ahead
        ahead = {child for node_id in ahead for child in manifest["child_map"].get(node_id, [])} - found
    return {node_id for node_id in found if node_id in manifest["nodes"]}


def _is_view(manifest: Mapping[str, Any], node_id: str) -> bool:
    return manifest["nodes"][node_id]["config"].get("materialized") == "view"


@pytest.mark.parametrize("source", SOURCES)
def test_another_file_is_another_version_of_all_that_descends_from_it_and_of_nothing_else(manifest, home, source):
    before = _all(manifest, home)
    views = {node_id: before.to_hold(node_id) for node_id in manifest["nodes"] if _is_view(manifest, node_id)}
    before_of = {node_id: before.of(node_id) for node_id in manifest["nodes"]}
    source_id = f"source.warehouse.{source}"
    _file(home, manifest["sources"][source_id]).write_text("more rows than before")

    after = _all(manifest, home)
    changed = {node_id for node_id, version in before_of.items() if after.of(node_id) != version}
    assert changed == _descendants(manifest, {source_id})
    # A view stays in place unless it reads the file itself or by way of views alone.
    reached, ahead = set(), {source_id}
    while ahead:
        children = {child for node_id in ahead for child in manifest["child_map"].get(node_id, [])}
        ahead = {child for child in children if child in views} - reached
        reached |= ahead
    assert {node_id for node_id, held in views.items() if after.to_hold(node_id) != held} == reached


def test_another_date_is_another_version_of_the_as_of_group_alone(manifest, home):
    dated = {
        node_id
        for node_id, node in manifest["nodes"].items()
        if not {"as_of_stage", "segment_stage", "insight_stage"}.isdisjoint(node["tags"])
    }
    held = dict.fromkeys(manifest["nodes"], "held")
    one, other = (Versions(manifest, "code", home, SYSTEMS, held, dated, day) for day in (DATE, NEXT_DATE))
    differing = _differing(manifest, one, other)
    assert dated <= differing <= _descendants(manifest, dated)
    assert "model.warehouse.fct_customer_daily" not in differing and "model.warehouse.fct_customer" in differing


def test_other_code_is_another_version_of_everything(manifest, home):
    assert _differing(manifest, _all(manifest, home), _all(manifest, home, code="other")) == set(manifest["nodes"])


def test_what_is_not_built_counts_as_it_is_held_and_the_unknown_as_something_else(manifest, home):
    orders, refunds, built = (f"model.warehouse.{name}" for name in ("int_order", "int_refund_line", "fct_order"))

    def of_built(held: Mapping[str, str]) -> str:
        return Versions(manifest, "code", home, SYSTEMS, held, {built}).of(built)

    held = {orders: "held", refunds: "held"}
    assert of_built(held) == of_built(held) != of_built({**held, orders: "other"})
    assert of_built({orders: "held"}) != of_built({orders: "held"})
