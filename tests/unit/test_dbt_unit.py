"""Every dbt unit test passes, on a warehouse of empty tables. What they say stands beside the models in dbt/."""

import json

import pytest
import yaml
from dbt.cli.main import dbtRunner
from exchange_files import write_empty_exchange

from dagster_project.home import Home
from dagster_project.transform.project import DBT_FOLDER, plain, release_warehouse

# Staging reads raw tables, of which an empty home has none.
ARGUMENTS = ("--exclude", "fqn:warehouse.staging,resource_type:model", "--indirect-selection", "empty")
VARS = {"shop_time_zone": "Europe/Berlin", "shop_currency": "EUR", "as_of_date": "2026-06-30", "systems": []}


def _declared() -> set[str]:
    documents = [yaml.safe_load(path.read_text()) for path in DBT_FOLDER.rglob("*.yml")]
    return {test["name"] for document in documents for test in (document or {}).get("unit_tests", [])}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What dbt says of each unit test: pass, or why not."""
    home = tmp_path_factory.mktemp("home")
    write_empty_exchange(Home(home))
    folders = ["--project-dir", str(DBT_FOLDER), "--profiles-dir", str(DBT_FOLDER)]
    folders += ["--target-path", str(home / "target"), "--log-path", str(home / "logs")]
    kinds = [argument for kind in ("model", "seed", "unit_test") for argument in ("--resource-type", kind)]
    variables = json.dumps({**VARS, "home": home.as_posix()})
    try:
        outcome = dbtRunner().invoke(
            ["build", *kinds, *ARGUMENTS, *folders, "--vars", variables, "--log-level", "none", "--no-write-json"]
        )
    finally:
        release_warehouse()
    assert outcome.result, outcome.exception
    assert all(str(result.status) != "error" for result in outcome.result.results if _kind(result) != "unit_test")
    return {
        result.node.name: "pass" if str(result.status) == "pass" else plain(result.message or str(result.status))
        for result in outcome.result.results
        if _kind(result) == "unit_test"
    }


def _kind(result) -> str:
    return str(result.node.resource_type)


def test_every_unit_test_ran(outcomes: dict[str, str]):
    assert set(outcomes) == _declared()
    assert outcomes


@pytest.mark.parametrize("name", sorted(_declared()))
def test_dbt(outcomes: dict[str, str], name: str):
    assert outcomes[name] == "pass"
