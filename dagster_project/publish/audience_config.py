"""What audiences.yml says: which segment goes to which channel, in which columns, for which destination.

Reads and checks the file. Whom an audience leaves out and what is written stands in audiences.py; merge fields and
addresses are defined in dbt (int_audience_customer).
"""

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from dagster_project.errors import WarehouseError
from dagster_project.settings import PROJECT_FOLDER, Settings
from dagster_project.sources.config import Source
from dagster_project.yaml_files import read_yaml

EXAMPLE_FILE = PROJECT_FOLDER / "audiences.example.yml"
MERGE_FIELD = "merge_field"  # the mark of a column in the YAML of int_audience_customer

Channel = Literal["email", "sms", "push", "post", "ads"]


class AudienceError(WarehouseError):
    """An audience is described wrongly or cannot be written; the message says which and what to do."""


def _name_of_a_file(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,59}", value):
        raise ValueError(f"'{value}' cannot name a file or folder: write lower-case letters, digits, - and _")
    return value


Name = Annotated[str, AfterValidator(_name_of_a_file)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Audience(_Strict):
    """One segment for one channel: three files for a marketer's tool."""

    name: Name = Field(description="The files' name; unique.")
    segment: str = Field(description="An entry of the catalogue, or <entry>:<value> of one with for_each.")
    channel: Channel
    format: Literal["csv", "parquet"]
    columns: tuple[str, ...] = Field((), description="Merge fields, after the channel's address.")
    destination: Name = Field(description="Folder below the publication's audiences/, one for a tool.")
    leave_out_open_tickets: bool = False
    experiment: Name | None = Field(None, description="Only customers drawn into this experiment's arm.")
    arm: str | None = Field(None, min_length=1)

    @model_validator(mode="after")
    def _fits_together(self) -> "Audience":
        if self.channel == "ads" and self.columns:
            raise ValueError("files for ads hold hashes and nothing else: leave out its columns")
        if repeated := sorted({column for column in self.columns if self.columns.count(column) > 1}):
            raise ValueError(f"it names the column {repeated[0]} twice")
        if (self.experiment is None) != (self.arm is None):
            raise ValueError("give both experiment and arm, or neither")
        return self


class Audiences(_Strict):
    """All audiences, and the share of customers who are never written to."""

    global_holdout: float = Field(0, ge=0, lt=1, description="Share of all customers that no audience holds.")
    audiences: tuple[Audience, ...] = ()

    @model_validator(mode="after")
    def _are_distinct(self) -> "Audiences":
        names = [audience.name for audience in self.audiences]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two audiences are called {repeated[0]}")
        return self


def load_audiences(
    settings: Settings, source: Source, segments: Mapping[str, str | None], merge_fields: Collection[str]
) -> Audiences:
    """The audiences of the user's file; without one the simulated shop has those of the example, another shop none.

    `segments` are the catalogue's entries, each with its for_each. Raises AudienceError where the file that was asked
    for is missing, or something in it is wrong.
    """
    file = settings.audiences_file
    if not file.exists():
        if "audiences_file" in settings.model_fields_set:
            raise AudienceError(f"AUDIENCES_FILE names {file}, but nothing is there.")
        if source.simulation is None:
            return Audiences()
        file = EXAMPLE_FILE
    return read_audiences(file, segments, merge_fields)


def read_audiences(file: Path, segments: Mapping[str, str | None], merge_fields: Collection[str]) -> Audiences:
    """The audiences that a file describes.

    Raises AudienceError with one sentence where something is wrong.
    """
    try:
        content = read_yaml(file) or {}
    except yaml.YAMLError as error:
        raise AudienceError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}.") from None
    try:
        audiences = Audiences.model_validate(content)
    except ValidationError as error:
        raise AudienceError(f"{file.name}, {_fault(error.errors()[0], content)}.") from None
    for audience in audiences.audiences:
        if fault := _segment_fault(audience.segment, segments) or _column_fault(audience.columns, merge_fields):
            raise AudienceError(f"{file.name}, audience {audience.name}: {fault}.")
    return audiences


def merge_fields(manifest: Mapping[str, Any]) -> Collection[str]:
    """The columns that an audience may name: those which dbt's YAML of int_audience_customer marks."""
    (model,) = (node for node in manifest["nodes"].values() if node["name"] == "int_audience_customer")
    columns = model["columns"].values()
    return [column["name"] for column in columns if column["config"]["meta"].get(MERGE_FIELD)]


def _fault(problem: Mapping[str, Any], content: Any) -> str:
    """Where and what, naming the audience instead of its number."""
    place = [str(part) for part in problem["loc"]]
    if place[:1] == ["audiences"] and len(place) > 1:
        name = content["audiences"][problem["loc"][1]]
        name = name.get("name") if isinstance(name, dict) else None
        place = [f"audience {name or int(place[1]) + 1}", *place[2:]]
    said = "there is no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
    return ": ".join(filter(None, [", ".join(place), said.removeprefix("Value error, ")]))


def _segment_fault(segment: str, segments: Mapping[str, str | None]) -> str | None:
    name, _, value = segment.partition(":")
    if name not in segments:
        return f"the catalogue has no segment {name}"
    if segments[name] and not value:
        return f"the segment {name} is one per {segments[name]}: write {name}:<value>"
    if value and not segments[name]:
        return f"the segment {name} is a single one: write it without :{value}"
    return None


def _column_fault(columns: Collection[str], known: Collection[str]) -> str | None:
    unknown = [column for column in columns if column not in known]
    return f"{unknown[0]} is no column that it may hold; there are {', '.join(known)}" if unknown else None
