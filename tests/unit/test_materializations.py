"""Tables and views as dbt/macros/materializations.sql makes them: in place of what stood there, or not at all."""

import shutil
from pathlib import Path

import pytest

from dagster_project.home import Home
from dagster_project.transform.project import DBT_FOLDER, DbtProject
from dagster_project.warehouse import open_warehouse


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A dbt project without models, with these materializations."""
    folder = tmp_path / "dbt"
    (folder / "macros").mkdir(parents=True)
    (folder / "models").mkdir()
    (folder / "dbt_project.yml").write_text("{name: shop, profile: warehouse, flags: {use_colors: false}}")
    shutil.copy(DBT_FOLDER / "profiles.yml", folder)
    shutil.copy(DBT_FOLDER / "macros" / "materializations.sql", folder / "macros")
    return folder


def _build(folder: Path, **models: str) -> list[str]:
    """Write the models, build them all and return how each came out."""
    for name, text in models.items():
        (folder / "models" / f"{name}.sql").write_text(text)
    home = Home(folder.parent / "home")
    home.folder.mkdir(exist_ok=True)
    results = DbtProject(folder, home, {"systems": []}, threads=1).build(["*"])
    return [str(result.status) for result in results]


def _held(folder: Path) -> dict[str, tuple[str, list]]:
    """What the warehouse holds: by name the type and the rows."""
    with open_warehouse(folder.parent / "home" / "warehouse.duckdb") as warehouse:
        named = warehouse.execute(
            "select table_name, table_type from information_schema.tables where table_name <> 'ledger'"
        ).fetchall()
        return {name: (kind, warehouse.execute(f"from main.{name}").fetchall()) for name, kind in named}


def _model(materialized: str, query: str) -> str:
    return f"{{{{ config(materialized='{materialized}') }}}} {query}"


@pytest.mark.parametrize("before", ["table", "view"])
@pytest.mark.parametrize("after", ["table", "view"])
def test_it_replaces_what_stood_there_of_either_type(folder: Path, before: str, after: str):
    reader = _model("view", "select n + 1 as m from {{ ref('made') }}")
    assert _build(folder, made=_model(before, "select 1 as n"), reader=reader) == ["success", "success"]
    assert _build(folder, made=_model(after, "select 2 as n"), reader=reader) == ["success", "success"]
    kind = {"table": "BASE TABLE", "view": "VIEW"}[after]
    assert _held(folder) == {"made": (kind, [(2,)]), "reader": ("VIEW", [(3,)])}


@pytest.mark.parametrize("after", ["table", "view"])
def test_what_stood_there_stays_where_a_model_fails(folder: Path, after: str):
    _build(folder, made=_model("table", "select 1 as n"))
    assert _build(folder, made=_model(after, "select cast('one' as int) as n, nothing")) == ["error"]
    assert _held(folder) == {"made": ("BASE TABLE", [(1,)])}


def test_a_contract_is_enforced_and_hooks_run(folder: Path):
    (folder / "models" / "made.yml").write_text(
        "models: [{name: made, columns: [{name: n, data_type: integer}], "
        "config: {contract: {enforced: true}, post_hook: 'insert into {{ this }} select 7'}}]"
    )
    assert _build(folder, made=_model("table", "select 1 as n")) == ["success"]
    assert _held(folder) == {"made": ("BASE TABLE", [(1,), (7,)])}
    assert _build(folder, made=_model("table", "select 'one' as n")) == ["error"]
    assert _held(folder) == {"made": ("BASE TABLE", [(1,), (7,)])}
