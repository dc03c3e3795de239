"""docs/add_a_source.md shows what the project holds: its blocks and the files it names are the real ones.

That the example runs and what comes out is shown in tests/integration/test_complete_journey.py, of the entry without a
mapping in tests/integration/test_contract_shape.py.
"""

import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
STAGING = ROOT / "dbt" / "models" / "staging" / "complete_journey"


@pytest.fixture(scope="module")
def recipe() -> str:
    return (ROOT / "docs" / "add_a_source.md").read_text()


def _block(recipe: str, language: str) -> str:
    """The first block of a language in the worked example."""
    recipe = recipe.split("## 1.")[1]
    return re.search(rf"```{language}\n(.*?)```", recipe, re.DOTALL)[1]


def test_the_entry_is_the_built_in_one(recipe):
    builtin = yaml.safe_load((ROOT / "dagster_project" / "sources" / "builtin.yml").read_text())
    assert yaml.safe_load(_block(recipe, "yaml")) == {"complete_journey": builtin["complete_journey"]}


def test_the_model_is_the_real_one(recipe):
    assert _block(recipe, "sql") == (STAGING / "stg_complete_journey__order_lines.sql").read_text()


def test_every_table_and_entity_of_the_platform_is_explained(recipe):
    tables = yaml.safe_load(_block(recipe, "yaml"))["complete_journey"]["systems"][0]["tables"]
    entities = {model.stem.removeprefix("stg_complete_journey__") for model in STAGING.glob("stg_*.sql")}
    chosen = recipe.split("## 3.")[1].split("## 4.")[0]
    assert {name for name in {*tables, *entities} if f"`{name}`" not in chosen} == set()


def test_every_macro_it_names_exists(recipe):
    macros = "".join(file.read_text() for file in (ROOT / "dbt" / "macros").rglob("*.sql"))
    used = {*re.findall(r"\{\{ (\w+)\(", recipe)} - {"ref"}
    assert used
    assert {name for name in used if not re.search(rf"\{{% macro {name}\(", macros)} == set()


def test_every_place_and_command_it_names_exists(recipe):
    places = re.findall(r"`((?:dbt|tests|expectations)/[\w/.]+)`", recipe)
    assert places
    assert [place for place in places if not (ROOT / place).exists()] == []
    makefile = (ROOT / "Makefile").read_text()
    assert [goal for goal in re.findall(r"make (\w+)", recipe) if f"\n{goal}:" not in makefile] == []
