"""How many products vote, are voted for and are recommended: the vars of dbt_project.yml that Python reads too.

The values stand there and nowhere else; what they decide stands in scoring.py.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from dagster_project.rules import read_rules


class Rules(BaseModel):
    """The vars, under their names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    recommendation_products: int = Field(ge=1, le=10_000)
    recommendation_neighbours: int = Field(ge=1)
    recommendation_min_common_buyers: int = Field(ge=1)
    suggestions_per_customer: int = Field(ge=1)


def load_rules(dbt_folder: Path) -> Rules:
    """The rules of a dbt project.

    Raises RulesError where a var is missing or of the wrong kind.
    """
    return read_rules(Rules, dbt_folder)
