"""Every dbt model says what one of its rows is, and what each of its columns holds."""

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
