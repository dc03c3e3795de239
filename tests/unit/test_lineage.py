"""Lineage of columns where there is something wrong with the SQL. What it is of the project's models stands in
tests/integration/test_asset_metadata.py."""

from pathlib import Path
from types import SimpleNamespace

import duckdb

from dagster_project.home import Home
from dagster_project.transform.lineage import refresh_lineage


def model(name: str, query: str) -> SimpleNamespace:
    return SimpleNamespace(resource_type="model", unique_id=f"model.{name}", name=name, compiled_code=query)


def test_a_model_that_sqlglot_cannot_read_is_told_and_keeps_no_other_from_its_lineage(tmp_path: Path):
    warehouse, said = duckdb.connect(), []
    warehouse.execute("create schema core; create table core.orders (amount int)")
    built = [
        model("odd", "select amount from core.orders ("),
        model("plain", "select amount * 2 as twice from core.orders"),
    ]
    lineage = refresh_lineage(warehouse, Home(tmp_path), tmp_path / "a manifest", built, said.append)
    assert lineage == {"model.plain": {"twice": [(("core", "orders"), "amount")]}}
    assert said == ["Where the columns of odd come from is not known: sqlglot cannot read its SQL."]
