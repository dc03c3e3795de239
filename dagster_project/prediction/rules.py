"""When the model may be used and how far it looks: the vars of dbt_project.yml that Python reads too.

The values stand there and nowhere else; what they decide stands in fitting.py and backtest.py.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.prediction.buying import Process
from dagster_project.rules import read_rules


class Rules(BaseModel):
    """The vars, under their names."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    prediction_process: Process
    prediction_windows_days: tuple[int, ...] = Field(min_length=1)
    prediction_min_buyers: int = Field(ge=1)
    prediction_min_history_days: int = Field(ge=1)
    prediction_min_repeater_share: float = Field(ge=0, le=1)
    prediction_min_frequent_buyers: int = Field(ge=1)
    prediction_max_value_correlation: float = Field(ge=0, le=1)
    predicted_value_days: int
    backtest_days: int = Field(ge=1)
    backtest_resamples: int = Field(ge=1)
    backtest_max_customers: int = Field(ge=1)

    @model_validator(mode="after")
    def _value_is_expected_of_a_window(self) -> "Rules":
        if self.predicted_value_days not in self.prediction_windows_days:
            raise ValueError("predicted_value_days is none of prediction_windows_days")
        return self


def load_rules(dbt_folder: Path) -> Rules:
    """The rules of a dbt project.

    Raises RulesError where a var is missing or of the wrong kind.
    """
    return read_rules(Rules, dbt_folder)
