"""Reading those vars of dbt_project.yml that Python needs too; what they are stands in a model beside whoever asks."""

from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from dagster_project.errors import WarehouseError
from dagster_project.yaml_files import read_yaml

Rules = TypeVar("Rules", bound=BaseModel)


class RulesError(WarehouseError):
    """A var is missing or cannot be used; the message names it."""


def read_rules(kind: type[Rules], dbt_folder: Path) -> Rules:
    """The vars of a dbt project that are fields of a model.

    Raises RulesError where one is missing or of the wrong kind.
    """
    variables = read_yaml(dbt_folder / "dbt_project.yml")["vars"]
    try:
        return kind.model_validate(variables)
    except ValidationError as error:
        faults = "; ".join(": ".join([*map(str, fault["loc"]), fault["msg"]]) for fault in error.errors())
        raise RulesError(f"The vars of dbt/dbt_project.yml cannot be read: {faults}.") from None
