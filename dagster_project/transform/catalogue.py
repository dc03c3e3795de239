"""The segment catalogue, read and checked before dbt runs: what is wrong is said in one sentence per entry.

dbt accepts a wrong rule silently or fails far from its cause. What a rule may name are the columns of
int_customer_profile and other segments. How the rules become SQL stands in dbt/macros/segments/catalogue.sql, not here.
"""

import difflib
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from dagster_project.errors import WarehouseError
from dagster_project.yaml_files import read_yaml

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlglot.expressions import Expression

SEGMENTS = Path("models") / "segments"
CATALOGUE_FILE = SEGMENTS / "segment_catalog.yml"
CATALOGUE_MODEL = "segment_catalog"
PROFILE_FILE = SEGMENTS / "_int_customer_profile.yml"
PROFILE_MODEL = "int_customer_profile"
WIDE_FILE = SEGMENTS / "_segments__models.yml"
WIDE_MODEL = "customer_segments"
# What both engines compute alike, row by row and without the clock.
FUNCTIONS = ("abs", "case", "cast", "ceil", "coalesce", "floor", "greatest", "least", "length", "lower")
FUNCTIONS += ("nullif", "round", "trim", "upper")
CONNECTORS = ("and", "or", "if")  # the parser's own names for parts of conditions
PLACEHOLDER = re.compile(r"\{([a-z0-9_]+)\}")
JINJA = re.compile(r"\{\{|\{%|\{#")

Text = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=1)]


class CatalogueError(WarehouseError):
    """An entry of the catalogue is wrong; the message names it and says what to do."""


class Segment(BaseModel):
    """One entry: a segment, or with for_each one segment per value of that column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z][a-z0-9_]*$")]
    label: Text
    family: Text
    owner: Text
    question: Text
    action: Text
    rule: Text
    version: Annotated[int, Field(strict=True, ge=1)]
    reason: Text | None = None
    for_each: Text | None = None


def load_catalogue(dbt_folder: Path) -> Sequence[Segment]:
    """The entries in the order of the file.

    Raises CatalogueError where the file cannot be read or an entry lacks a field; rules are not looked at.
    """
    entries = _segment_entries(dbt_folder)
    faults = [
        _sentence(dbt_folder, _title(entry, number), fault)
        for number, entry in enumerate(entries, start=1)
        if (fault := _form_fault(entry))
    ]
    _raise_if_any(faults)
    return [Segment.model_validate(entry) for entry in entries]


def load_labels(dbt_folder: Path) -> Sequence[str]:
    """The labels of customer_segments: the texts that its YAML describes beside the key."""
    columns = _model(dbt_folder, WIDE_FILE, WIDE_MODEL)["columns"]
    names = [column["name"] for column in columns if column["data_type"] == "string"]
    return [name for name in names if name != "customer_key"]


def validate_catalogue(dbt_folder: Path) -> None:
    """Check every entry's form, name, rule, reason and for_each.

    Raises CatalogueError with one sentence per wrong entry.
    """
    segments = load_catalogue(dbt_folder)
    columns = _profile_columns(dbt_folder)
    uses = Counter(segment.name for segment in segments)
    profile = _empty_profile(dbt_folder, columns)
    try:
        faults = [
            _sentence(dbt_folder, f"'{segment.name}'", fault)
            for segment in segments
            if (fault := _entry_fault(segment, uses[segment.name], columns, profile))
        ]
        _raise_if_any(list(dict.fromkeys(faults)))
        # Rules may name segments too; their names are known to be good by now.
        for segment in segments:
            if not segment.for_each:
                profile.execute(f"alter table {PROFILE_MODEL} add column {segment.name} boolean")
        names = {**columns, **{segment.name: "boolean" for segment in segments if not segment.for_each}}
        faults = [
            _sentence(dbt_folder, f"'{segment.name}'", f"its rule {fault}")
            for segment in segments
            if (fault := _rule_fault(segment.rule, names, profile))
        ]
    finally:
        profile.close()
    _raise_if_any(faults)
    if cycle := _cycle(segments):
        fault = f"its rule leads back to itself: {' needs '.join(cycle)}"
        raise CatalogueError(_sentence(dbt_folder, f"'{cycle[0]}'", fault))


def _segment_entries(dbt_folder: Path) -> Sequence[Any]:
    model = _model(dbt_folder, CATALOGUE_FILE, CATALOGUE_MODEL)
    try:
        entries = model["config"]["meta"]["segments"]
    except (KeyError, TypeError):
        entries = None
    if not isinstance(entries, list) or not entries:
        raise CatalogueError(
            f"{_shown(dbt_folder, CATALOGUE_FILE)} has no list of segments under config: meta: segments."
        )
    return entries


def _profile_columns(dbt_folder: Path) -> Mapping[str, str]:
    columns = _model(dbt_folder, PROFILE_FILE, PROFILE_MODEL).get("columns") or []
    try:
        return {column["name"]: column["data_type"] for column in columns}
    except (KeyError, TypeError) as error:
        file = _shown(dbt_folder, PROFILE_FILE)
        raise CatalogueError(f"{file}: every column of {PROFILE_MODEL} needs a name and a data_type.") from error


def _model(dbt_folder: Path, file: Path, name: str) -> Mapping[str, Any]:
    """The model's entry in a properties file."""
    shown = _shown(dbt_folder, file)
    try:
        document = read_yaml(dbt_folder / file)
    except FileNotFoundError as error:
        raise CatalogueError(f"{shown} is missing.") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark else ""
        raise CatalogueError(f"{shown} is not valid YAML{where}: {getattr(error, 'problem', error)}.") from error
    models = document.get("models") if isinstance(document, dict) else None
    for model in models or []:
        if isinstance(model, dict) and model.get("name") == name:
            return model
    raise CatalogueError(f"{shown} does not describe the model {name}.")


def _form_fault(entry: Any) -> str | None:
    """What is wrong with an entry's fields, whatever they mean."""
    if not isinstance(entry, dict):
        return "it is not a list of fields (name, label, rule, ...)"
    try:
        Segment.model_validate(entry)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        if first["type"] == "missing":
            return f"it lacks the field '{field}'"
        if first["type"] == "extra_forbidden":
            hint = _closest(field, Segment.model_fields)
            return f"it has the field '{field}', which an entry does not have{hint}"
        if field == "name":
            return "its name must be lower case letters, digits and underscores, beginning with a letter"
        return f"its {field} is not valid: {first['msg'][0].lower()}{first['msg'][1:]}"
    for field, value in entry.items():
        if isinstance(value, str) and JINJA.search(value):
            return f"its {field} contains Jinja, which an entry may not"
    return None


def _entry_fault(segment: Segment, uses: int, columns: Mapping[str, str], profile: "DuckDBPyConnection") -> str | None:
    """The first thing that is wrong with what an entry says."""
    checks: Sequence[Callable[[], str | None]] = [
        lambda: _name_fault(segment.name, uses, columns, profile),
        lambda: _for_each_fault(segment.for_each, columns),
        lambda: _reason_fault(segment.reason, columns),
    ]
    return next((fault for check in checks if (fault := check())), None)


def _name_fault(name: str, uses: int, columns: Collection[str], profile: "DuckDBPyConnection") -> str | None:
    import duckdb

    if uses > 1:
        return f"its name is used by {uses} entries"
    if name in columns:
        return f"its name is also a column of {PROFILE_MODEL}"
    try:
        profile.execute(f"create or replace temp table one_name ({name} boolean)")
    except duckdb.ParserException:
        return "its name is a reserved word of SQL"
    return None


def _for_each_fault(for_each: str | None, columns: Collection[str]) -> str | None:
    if for_each is None or for_each in columns:
        return None
    return f"its for_each names {_unknown(for_each, columns)}"


def _reason_fault(reason: str | None, columns: Collection[str]) -> str | None:
    if reason is None:
        return None
    for name in PLACEHOLDER.findall(reason):
        if name not in columns:
            return f"its reason names {_unknown(name, columns)}"
    if re.search(r"[{}]", PLACEHOLDER.sub("", reason)):
        return "its reason has a brace that encloses no column name"
    return None


def _rule_fault(rule: str, names: Collection[str], profile: "DuckDBPyConnection") -> str | None:
    """What is wrong with a rule, to stand after "its rule"; `names` are the columns and segments it may name."""
    import duckdb
    from sqlglot.errors import SqlglotError

    try:
        condition = _parsed(rule)
    except SqlglotError:
        return f"cannot be read as a condition (parentheses, quotes and operators complete?): {rule}"
    if condition is None:
        return f"is not one condition: {rule}"
    fault = next(_structure_faults(condition), None) or next(_column_faults(condition, names), None)
    if fault:
        return fault
    try:
        (data_type,) = profile.execute(f"select ({rule}) as is_in from {PROFILE_MODEL}").description[0][1:2]
    except duckdb.Error as error:
        return f"does not work: {str(error).splitlines()[0]}"
    if str(data_type).upper() not in {"BOOLEAN", "BOOL"}:
        return f"gives {str(data_type).lower()}, not true or false"
    return None


def _cycle(segments: Sequence[Segment]) -> Sequence[str] | None:
    """The way from a segment back to itself by what rules name, where there is one."""
    from sqlglot import expressions

    names = {segment.name for segment in segments}
    needed = {
        segment.name: {column.name for column in _parsed(segment.rule).find_all(expressions.Column)} & names
        for segment in segments
    }
    try:
        TopologicalSorter(needed).prepare()
    except CycleError as error:
        return error.args[1][::-1]
    return None


def _parsed(rule: str) -> "Expression | None":
    """The rule as a syntax tree; None where it is something else than one condition."""
    import sqlglot
    from sqlglot import expressions

    statements = sqlglot.parse(rule, read="duckdb")
    if len(statements) != 1 or not isinstance(statements[0], expressions.Condition):
        return None
    return statements[0]


def _structure_faults(condition: "Expression") -> Iterator[str]:
    from sqlglot import expressions

    for node in condition.walk():
        if isinstance(node, expressions.Query | expressions.Exists):
            yield f"has a subquery; it may only read columns of {PROFILE_MODEL}"
        elif isinstance(node, expressions.Window):
            yield "looks at other customers' rows (over); it may only read the customer's own"
        elif isinstance(node, expressions.Func):
            name = (node.name if isinstance(node, expressions.Anonymous) else node.sql_name()).lower()
            if name not in FUNCTIONS + CONNECTORS:
                yield f"uses the function '{name}'; it may use {', '.join(FUNCTIONS)}"
        if node.comments:
            yield "has a comment; put it into the question or beside the entry"


def _column_faults(condition: "Expression", columns: Collection[str]) -> Iterator[str]:
    from sqlglot import expressions

    for column in condition.find_all(expressions.Column):
        if column.this.args.get("quoted"):
            yield f'has "{column.name}" in double quotes; texts take single quotes, columns none'
        elif column.table:
            yield f"names '{column.sql()}'; columns are named without a table"
        elif column.name not in columns:
            yield f"names {_unknown(column.name, columns)}"


def _empty_profile(dbt_folder: Path, columns: Mapping[str, str]) -> "DuckDBPyConnection":
    """A database in memory whose int_customer_profile has the right columns and no row."""
    import duckdb

    database = duckdb.connect(":memory:")
    typed = ", ".join(f"{name} {data_type}" for name, data_type in columns.items())
    try:
        database.execute(f"create table {PROFILE_MODEL} ({typed})")
    except duckdb.Error as error:
        database.close()
        file = _shown(dbt_folder, PROFILE_FILE)
        raise CatalogueError(f"{file}: the columns make no table: {str(error).splitlines()[0]}") from error
    return database


def _unknown(name: str, columns: Collection[str]) -> str:
    return f"the column '{name}', which {PROFILE_MODEL} does not have{_closest(name, columns)}"


def _closest(name: str, names: Collection[str]) -> str:
    match = difflib.get_close_matches(name, list(names), n=1)
    return f" (did you mean {match[0]}?)" if match else ""


def _title(entry: Any, number: int) -> str:
    name = entry.get("name") if isinstance(entry, dict) else None
    return f"'{name}'" if name else f"number {number}"


def _sentence(dbt_folder: Path, title: str, fault: str) -> str:
    return f"Segment {title} in {_shown(dbt_folder, CATALOGUE_FILE)}: {fault}."


def _shown(dbt_folder: Path, file: Path) -> str:
    return (dbt_folder.name / file).as_posix()


def _raise_if_any(faults: Sequence[str]) -> None:
    if faults:
        raise CatalogueError("\n".join(faults))
