"""What a source is: the shop's zone and currency, its systems, their platforms, tables and cursors.

Reads builtin.yml and the user's sources.yml, which have one format. Opens no connection and reads no data.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from dagster_project.demo.clock import Simulation
from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER, Settings, environment_variable

BUILTIN_FILE = Path(__file__).with_name("builtin.yml")
STAGING_FOLDER = PROJECT_FOLDER / "dbt" / "models" / "staging"


class SourceError(WarehouseError):
    """A source is not described, or described wrongly; the message says where and what to do."""


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except Exception:
        raise ValueError(f"{value} is no IANA time zone, such as Europe/Berlin") from None
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Table(_Strict):
    """One table of a source system."""

    file: str | None = Field(None, description="File below the system's path; default the path itself.")
    columns: Mapping[str, str] | None = Field(None, description="Column types of a JSON lines file.")
    cursor: str | None = Field(None, description="Number or time that grows with every change; default: read whole.")
    required: tuple[str, ...] = Field((), description="Columns without which the table is not extracted.")
    lookup: bool = Field(False, description="Only joined by staging: its rows have no destination of their own.")


class System(_Strict):
    """One system of record: where it is and which staging models map it."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    platform: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    kind: Literal["sql", "files"]
    path: str | None = None
    path_env: str | None = None
    package: str | None = None
    shop: str | None = Field(None, description="For a CRM: the system that its shop_customer_id refers to.")
    tables: Mapping[str, Table]

    @field_validator("tables", mode="before")
    @classmethod
    def _empty_table_is_default(cls, value: object) -> object:
        return {name: table or {} for name, table in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _has_one_place(self) -> "System":
        if bool(self.path) == bool(self.path_env):
            raise ValueError("give either path or path_env")
        return self

    def location(self, home: Home) -> Path:
        """The folder or file that the system is read from.

        Raises SourceError where it is not there, SettingsError where its variable is not set.
        """
        place = self.path or environment_variable(self.path_env, f"the system {self.name}")
        path = Path(place.replace("{home}", str(home.folder))).expanduser()
        if self.package:
            path = _package_folder(self.package, self.name) / path
        if not path.exists():
            raise SourceError(f"The system {self.name} is to be read from {path}, but nothing is there.")
        return path


class LastOrder(_Strict):
    """Where the last business day with an order can be read, before anything is extracted."""

    system: str
    table: str
    column: str
    time_zone: Zone = Field(description="The zone of its times, where they bear none.")


class Source(_Strict):
    """A shop with its systems."""

    time_zone: Zone
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    last_order: LastOrder
    first_day: date = Field(date(2000, 1, 1), description="The first business day that can be asked for.")
    simulation: Simulation | None = None
    systems: tuple[System, ...]

    @model_validator(mode="after")
    def _names_its_systems(self) -> "Source":
        names = [system.name for system in self.systems]
        if repeated := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two systems are called {repeated[0]}")
        for system in self.systems:
            if system.shop and system.shop not in names:
                raise ValueError(f"the shop of the system {system.name} is {system.shop}, which is not listed")
        if self.last_order.system not in names:
            raise ValueError(f"last_order names the system {self.last_order.system}, which is not listed")
        if self.last_order.table not in self.system(self.last_order.system).tables:
            raise ValueError(f"last_order names the table {self.last_order.table}, which its system does not list")
        return self

    def system(self, name: str) -> System:
        return next(system for system in self.systems if system.name == name)


def load_source(settings: Settings) -> Source:
    """The source that SOURCE names, from builtin.yml or the user's sources.yml.

    Raises SourceError where there is none of that name, or its description is wrong.
    """
    user_file = settings.sources_file
    entries = _entries(BUILTIN_FILE)
    if settings.source not in entries and not user_file.exists():
        raise SourceError(
            f"SOURCE={settings.source} is not built in ({', '.join(entries)}), and there is no {user_file.name}: "
            "describe your shop there, as docs/add_a_source.md shows."
        )
    file = BUILTIN_FILE
    if settings.source not in entries:
        file, entries = user_file, _entries(user_file)
    if settings.source not in entries:
        raise SourceError(f"{file.name} has no entry {settings.source}; it has {', '.join(entries) or 'none'}.")
    try:
        source = Source.model_validate(entries[settings.source])
    except ValidationError as error:
        problem = error.errors()[0]
        where = ".".join([settings.source, *(str(part) for part in problem["loc"])])
        raise SourceError(f"{file.name}, {where}: {problem['msg'].removeprefix('Value error, ')}.") from None
    for system in source.systems:
        _check_platform(system, file)
    return source


def platform_entities(platform: str) -> tuple[str, ...]:
    """The contract entities that a platform's staging models provide, in alphabetical order."""
    prefix = f"stg_{platform}__"
    models = (STAGING_FOLDER / platform).glob(f"{prefix}*.sql")
    return tuple(sorted(model.stem.removeprefix(prefix) for model in models))


def _entries(file: Path) -> Mapping[str, object]:
    try:
        entries = yaml.safe_load(file.read_text()) or {}
    except yaml.YAMLError as error:
        raise SourceError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(entries, dict):
        raise SourceError(f"{file.name} has no entries: each is a name with what describes that shop below it.")
    return entries


def _check_platform(system: System, file: Path) -> None:
    if platform_entities(system.platform):
        return
    known = sorted(folder.name for folder in STAGING_FOLDER.iterdir() if folder.is_dir())
    raise SourceError(
        f"{file.name}: the system {system.name} is of the platform {system.platform}, for which there are no staging "
        f"models in dbt/models/staging/{system.platform}/; known platforms: {', '.join(known)}."
    )


def _package_folder(package: str, system: str) -> Path:
    from importlib.util import find_spec

    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise SourceError(
            f"The system {system} is read from the Python package {package}, which is not installed "
            "(make run installs it)."
        )
    return Path(spec.submodule_search_locations[0])
