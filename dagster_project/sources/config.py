"""What a source is: the shop's zone and currency, its systems, their platforms, tables and cursors.

Reads builtin.yml and the user's sources.yml, which have one format. Opens no connection and reads no data.
"""

import re
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal
from zoneinfo import ZoneInfo

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from dagster_project import sql
from dagster_project.demo.clock import Simulation
from dagster_project.errors import WarehouseError
from dagster_project.experiments.config import Experiment
from dagster_project.home import Home
from dagster_project.settings import Settings, environment_variable
from dagster_project.sources.person import Person
from dagster_project.sources.platforms import CONTRACT_SHAPE, contract_entities, platform_entities, platforms
from dagster_project.yaml_files import read_yaml

if TYPE_CHECKING:
    from sqlalchemy.engine import URL

BUILTIN_FILE = Path(__file__).with_name("builtin.yml")


class SourceError(WarehouseError):
    """A source is not described, or described wrongly; the message says where and what to do."""


def _known_zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except Exception:
        raise ValueError(f"{value} is no IANA time zone, such as Europe/Berlin") from None
    return value


Zone = Annotated[str, AfterValidator(_known_zone)]


def _look_back(value: object) -> object:
    """'90 minutes', '2 hours' and '30 days' as a time span; numbers stay numbers."""
    if isinstance(value, str):
        amount, _, unit = value.partition(" ")
        if not amount.isdigit() or unit.rstrip("s") not in {"minute", "hour", "day"}:
            raise ValueError(
                "write a number for a cursor that counts, else a time such as 90 minutes, 2 hours or 30 days"
            )
        return timedelta(**{unit.rstrip("s") + "s": int(amount)})
    return value


LookBack = Annotated[timedelta | int, BeforeValidator(_look_back)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _known_encoding(value: str) -> str:
    try:
        "".encode(value)
    except LookupError:
        raise ValueError(f"{value} is no encoding of text, such as utf-8 or windows-1252") from None
    return value


class FileFormat(_Strict):
    """How delimited text and workbooks are written. What is not said is detected."""

    encoding: Annotated[str, AfterValidator(_known_encoding)] | None = Field(
        None, description="Of text files; default: by the byte-order mark, else UTF-8."
    )
    separator: str | None = Field(None, pattern=r"^[^\r\n \"]$", description="Between fields of delimited text.")
    quote: str | None = Field(None, pattern=r"^[^\r\n ]?$", description="Around fields of delimited text; '' for none.")
    skip_lines: int | None = Field(None, ge=0, description="Lines before the header.")
    sheet: str | None = Field(None, description="Of a workbook; default: the first.")


class Tombstones(_Strict):
    """Where the source says which rows of a table it deleted: another table of the same system, one row a deletion."""

    table: str
    column: str = Field(description="Its column with the key of the deleted row.")
    deleted_at: str = Field(description="Its column with the time of the deletion.")
    where: Mapping[str, str] = Field({}, description="Values that its rows must have, such as the table's name.")


class Table(_Strict):
    """One table of a source system."""

    table: str | None = Field(None, description="sql: its name in the database; default: the name here.")
    file: str | None = Field(None, description="files: file or glob below the system's path; default: the path itself.")
    format: FileFormat = Field(FileFormat(), description="files: how they are written, where detecting fails.")
    columns: Mapping[str, str] = Field({}, description="Types that columns are read as, by name.")
    key: tuple[str, ...] = Field((), description="Columns that name one row.")
    cursor: str | None = Field(None, description="Number or time that grows with every change; default: read whole.")
    look_back: LookBack | None = Field(None, description="How far below the newest cursor to read again.")
    compare_every_days: int | None = Field(None, ge=1, description="Read whole and find deletions this often.")
    tombstones: Tombstones | None = Field(None, description="The table that lists what was deleted from this one.")
    required: tuple[str, ...] = Field((), description="Columns without which the table is not extracted.")
    lookup: bool = Field(False, description="Only joined by staging: its rows have no destination of their own.")
    person: Person | Literal["nobody"] | None = Field(None, description="Whom its rows are about, if anybody.")

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> "Table":
        if self.look_back is not None and not self.cursor:
            raise ValueError("look_back needs a cursor to look back from")
        if (self.compare_every_days or self.tombstones) and not self.key:
            raise ValueError("finding deleted rows needs the key of the table")
        if self.tombstones and not (self.cursor and len(self.key) == 1):
            raise ValueError(
                "tombstones need a key of one column, and a cursor that is the time of a row's last change"
            )
        if self.about and self.about.keep is not None:
            needed = [*self.key, *([self.cursor] if self.cursor else [])]
            if lost := [name for name in needed if name not in self.about.keep]:
                raise ValueError(f"keep lacks {lost[0]}, which the row is known by")
        return self

    @property
    def about(self) -> Person | None:
        """How its rows name a person; None where they name nobody, or nothing is said."""
        return self.person if isinstance(self.person, Person) else None


class _System(_Strict):
    """What systems of every kind have: a name, and the platform whose staging models map them."""

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    platform: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    shop: str | None = Field(None, description="For a CRM: the system that its shop_customer_id refers to.")
    tables: Mapping[str, Table]

    @field_validator("name")
    @classmethod
    def _has_a_folder(cls, value: str) -> str:
        if value == "erasures":
            raise ValueError("choose another name: raw/erasures is where erasures are counted")
        return value

    @field_validator("tables", mode="before")
    @classmethod
    def _empty_table_is_default(cls, value: object) -> object:
        return {name: table or {} for name, table in value.items()} if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _lists_its_tombstones(self) -> "_System":
        for name, table in self.tables.items():
            if table.tombstones and table.tombstones.table not in self.tables:
                raise ValueError(f"the tombstones of {name} are in {table.tombstones.table}, which is not listed")
        return self

    @model_validator(mode="after")
    def _lists_owners_first(self) -> "_System":
        """Landing learns which rows are a person's in the order of the tables."""
        listed: dict[str, Table] = {}
        for name, table in self.tables.items():
            for owner in table.about.via if table.about else ():
                if owner not in listed or not listed[owner].about or len(listed[owner].key) != 1:
                    raise ValueError(
                        f"{name} is a person's via {owner}: list {owner} before it, with a key of one column and its "
                        "own person"
                    )
            listed[name] = table
        return self

    @property
    def entities(self) -> tuple[str, ...]:
        """The contract entities that it provides: what its platform maps, in the contract's shape what it lists."""
        mapped = platform_entities(self.platform)
        if self.platform != CONTRACT_SHAPE:
            return mapped
        return tuple(entity for entity in mapped if entity in self.tables and not self.tables[entity].lookup)


class SqlSystem(_System):
    """A database, named by its SQLAlchemy URL."""

    kind: Literal["sql"]
    url: str | None = Field(None, description="Its URL, where that holds no password.")
    url_env: str | None = Field(None, description="The environment variable that holds its URL.")
    db_schema: str | None = Field(None, alias="schema", description="Schema of its tables; default: the database's.")

    @model_validator(mode="after")
    def _has_one_place(self) -> "SqlSystem":
        if bool(self.url) == bool(self.url_env):
            raise ValueError("give either url or url_env")
        if self.url and re.search(r"://[^/@]*:[^/@]+@", self.url):
            raise ValueError("the URL holds a password: put it into an environment variable and name that in url_env")
        for name, table in self.tables.items():
            if table.file:
                raise ValueError(f"the table {name} names a file, but {self.name} is a database: name a table")
        return self

    def location(self, home: Home) -> "URL":
        """The URL of the database.

        Raises SourceError where it is no URL, SettingsError where its variable is not set.
        """
        from sqlalchemy.engine import make_url
        from sqlalchemy.exc import ArgumentError

        place = self.url or environment_variable(self.url_env, f"the system {self.name}")
        try:
            return make_url(place.replace("{home}", str(home.folder)))
        except ArgumentError:
            raise SourceError(
                f"The URL of the system {self.name} cannot be read; it looks like postgresql://user:password@host/database."
            ) from None


class FilesSystem(_System):
    """Files: a folder, one file, or an address in an object store."""

    kind: Literal["files"]
    path: str | None = None
    path_env: str | None = None
    package: str | None = Field(None, description="The Python package below whose folder the path is.")

    @model_validator(mode="after")
    def _has_one_place(self) -> "FilesSystem":
        if bool(self.path) == bool(self.path_env):
            raise ValueError("give either path or path_env")
        for name, table in self.tables.items():
            if table.table:
                raise ValueError(f"the table {name} names a table, but {self.name} is files: name a file")
        return self

    def location(self, home: Home) -> str:
        """The folder, file or address that the system is read from.

        Raises SourceError where it is not there, SettingsError where its variable is not set.
        """
        place = self.path or environment_variable(self.path_env, f"the system {self.name}")
        if "://" in place:
            return place
        path = Path(place.replace("{home}", str(home.folder))).expanduser()
        if self.package:
            path = _package_folder(self.package, self.name) / path
        if not path.exists():
            raise SourceError(f"The system {self.name} is to be read from {path}, but nothing is there.")
        return str(path)


System = Annotated[SqlSystem | FilesSystem, Field(discriminator="kind")]


class LastOrder(_Strict):
    """Where the last business day with an order can be read, before anything is extracted."""

    system: str
    table: str
    column: str
    time_zone: Zone = Field(description="The zone of its times, where they bear none.")
    formats: tuple[str, ...] = Field(
        (), description="How its times are written, as strptime formats; default: ISO 8601."
    )

    @property
    def instant(self) -> str:
        """The column's times as DuckDB's SQL; NULL where one cannot be read."""
        column = sql.name(self.column)
        if not self.formats:
            return f"try_cast({column} as timestamptz)"
        formats = ", ".join(map(sql.text, self.formats))
        return f"cast(try_strptime({column}, [{formats}]) as timestamptz)"


class Source(_Strict):
    """A shop with its systems."""

    time_zone: Zone
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    country: str | None = Field(None, description="ISO 3166 alpha-2; of phone numbers in rows that name no country.")
    last_order: LastOrder
    first_day: date = Field(date(2000, 1, 1), description="The first business day that can be asked for.")
    simulation: Simulation | None = None
    systems: tuple[System, ...]
    experiments: tuple[Experiment, ...] = Field((), description="What is tried on some of the customers.")

    @field_validator("country")
    @classmethod
    def _has_phone_numbers(cls, value: str | None) -> str | None:
        from phonenumbers import SUPPORTED_REGIONS

        if value is not None and value not in SUPPORTED_REGIONS:
            raise ValueError(f"{value} is no ISO 3166 country code of two letters, such as DE or GB")
        return value

    @model_validator(mode="after")
    def _names_its_systems(self) -> "Source":
        names = [system.name for system in self.systems]
        for kind, given in (("systems", names), ("experiments", [one.name for one in self.experiments])):
            if repeated := sorted({name for name in given if given.count(name) > 1}):
                raise ValueError(f"two {kind} are called {repeated[0]}")
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

    def shop_of(self, system: System) -> str | None:
        """The system whose customers a system's rows name; None where it does not say, and several have customers."""
        shops = [one.name for one in self.systems if "customers" in one.entities]
        return system.shop or (shops[0] if len(shops) == 1 else None)


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
        said = "there is no such key" if problem["type"] == "extra_forbidden" else problem["msg"]
        raise SourceError(f"{file.name}, {where}: {said.removeprefix('Value error, ')}.") from None
    for system in source.systems:
        _check_platform(system, file)
    return source


def _entries(file: Path) -> Mapping[str, object]:
    try:
        entries = read_yaml(file) or {}
    except yaml.YAMLError as error:
        raise SourceError(f"{file.name} is not valid YAML: {' '.join(str(error).split())}.") from None
    if not isinstance(entries, dict):
        raise SourceError(f"{file.name} has no entries: each is a name with what describes that shop below it.")
    return entries


def _check_platform(system: System, file: Path) -> None:
    mapped = platform_entities(system.platform)
    if unknown := [entity for entity in mapped if entity not in contract_entities()]:
        raise SourceError(
            f"stg_{system.platform}__{unknown[0]}.sql maps {unknown[0]}, which is no entity of the contract; there are "
            f"{', '.join(contract_entities())}."
        )
    others = [name for name, table in system.tables.items() if name not in mapped and not table.lookup]
    if system.platform == CONTRACT_SHAPE and others:
        raise SourceError(
            f"{file.name}: the system {system.name} is in the contract's shape, which has no entity {others[0]}; there "
            f"are {', '.join(mapped)}."
        )
    if mapped:
        return
    raise SourceError(
        f"{file.name}: the system {system.name} is of the platform {system.platform}, for which there are no staging "
        f"models in dbt/models/staging/{system.platform}/; known platforms: {', '.join(platforms())}."
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
