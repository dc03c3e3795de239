"""What an experiment is: the entries under `experiments` of a source, and what they may name.

Who is drawn (assignment.py) and what came of it (results.py) does not belong here.
"""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import isclose
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from dagster_project.errors import WarehouseError
from dagster_project.transform.catalogue import load_catalogue, load_labels

CONTROL = "control"
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class ExperimentError(WarehouseError):
    """An experiment names what there is not; the message says which and what there is."""


class Experiment(BaseModel):
    """A segment that is divided by chance before a send, and what the send is judged by."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name = Field(description="Also the salt of its draw: another name is another draw.")
    segment: str = Field(description="A single segment of the catalogue, or a label and its value, label:value.")
    arms: Mapping[Name, Annotated[float, Field(gt=0, lt=1)]] = Field(
        min_length=2, description="Arms with their shares; what is compared with is `control`, else the first."
    )
    start: date = Field(description="The first day that counts; customers are drawn as of the day before.")
    unit: Literal["customer", "email"] = Field("customer", description="What is drawn: the key or the e-mail.")
    metric: Literal["net_revenue", "orders", "occasions", "converted"] = Field(description="What is compared.")
    horizon_days: int = Field(ge=1, description="So many days count, the first included.")
    pre_days: int = Field(90, ge=0, description="Days before whose spend takes noise away (CUPED); 0: none.")
    split_by: str | None = Field(None, description="A label of customer_segments: results also by its value.")
    minimum_effect: float = Field(
        0.1, gt=0, description="The smallest effect worth finding, as a share of the control's mean."
    )

    @model_validator(mode="after")
    def _shares_are_everybody(self) -> "Experiment":
        if not isclose(total := sum(self.arms.values()), 1):
            raise ValueError(f"the shares of the arms sum to {total:g}, not to 1")
        return self

    @property
    def control(self) -> str:
        """The arm that the others are compared with."""
        return CONTROL if CONTROL in self.arms else next(iter(self.arms))

    @property
    def eve(self) -> date:
        """The date as of which customers are drawn."""
        return self.start - timedelta(days=1)

    @property
    def end(self) -> date:
        """The last day that counts."""
        return self.start + timedelta(days=self.horizon_days - 1)

    @property
    def membership(self) -> tuple[str, str | None]:
        """The column of customer_segments that says who is in, and the value that it has then; None stands for true."""
        column, _, value = self.segment.partition(":")
        return column, value or None


def check_experiments(experiments: Sequence[Experiment], dbt_folder: Path) -> None:
    """Raises ExperimentError where an experiment names a segment or a label that customer_segments does not have."""
    if not experiments:
        return
    segments = [segment.name for segment in load_catalogue(dbt_folder) if not segment.for_each]
    labels = load_labels(dbt_folder)
    for experiment in experiments:
        column, value = experiment.membership
        if value is None and column not in segments:
            raise ExperimentError(
                f"The experiment {experiment.name} is about {experiment.segment}, which is no single segment of "
                "dbt/models/segments/segment_catalog.yml; a label's value is written as lifecycle_stage:lapsed."
            )
        for label in filter(None, (column if value else None, experiment.split_by)):
            if label not in labels:
                raise ExperimentError(
                    f"The experiment {experiment.name} names the label {label}; "
                    f"customer_segments has {', '.join(labels)}."
                )
