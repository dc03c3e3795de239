"""Every dbt model says what one of its rows is, and what each of its columns holds."""

import re
from pathlib import Path

import pytest
import yaml

MODELS = Path(__file__).parents[2] / "dbt" / "models"


@pytest.fixture(scope="module")
def models() -> list[str]:
    names = sorted(path.stem for path in MODELS.glob("**/*.sql"))
    assert names
    return names


@pytest.fixture(scope="module")
def described() -> dict[str, dict]:
    """The entry of each model in the YAML files, by name."""
    documents = [yaml.load(path.read_text(), yaml.CSafeLoader) for path in sorted(MODELS.glob("**/*.yml"))]
    return {model["name"]: model for document in documents for model in document.get("models") or []}


def test_every_model_has_an_entry_and_every_entry_a_model(models: list[str], described: dict[str, dict]):
    assert [name for name in models if name not in described] == []
    assert [name for name in described if name not in models] == []


def test_every_description_begins_with_the_grain(described: dict[str, dict]):
    assert [
        name for name, model in described.items() if not model.get("description", "").startswith("One row per ")
    ] == []


def test_every_model_lists_and_describes_its_columns(described: dict[str, dict]):
    assert [name for name, model in described.items() if not model.get("columns")] == []
    assert [
        f"{name}.{column['name']}"
        for name, model in described.items()
        for column in model.get("columns") or []
        if not column.get("description", "").strip()
    ] == []


def test_a_model_that_says_whose_rows_it_maps_maps_each_of_them_by_itself(described: dict[str, dict]):
    """Else new rows of that raw table would not be all that is new (dbt/macros/increments.sql)."""
    said = {name: model.get("config", {}).get("meta", {}).get("rows_of") for name, model in described.items()}
    rows_of = {name: table for name, table in said.items() if table}
    assert {"stg_demo_crm__messages", "stg_demo_shop__browse_events"} <= rows_of.keys()
    for name, table in rows_of.items():
        (file,) = MODELS.glob(f"staging/*/{name}.sql")
        code = file.read_text()
        assert re.findall(r"raw\('\w+', '(\w+)'\)", code) == [table], name
        assert not re.search(r"\b(join|over|group by|distinct|limit)\b|ref\(|newest\(", code), name
        columns = {column["name"] for column in described[name]["columns"]}
        assert {"_raw_table", "_loaded_at"} <= columns, name
