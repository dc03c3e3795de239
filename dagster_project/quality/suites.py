"""Suites: what is expected of one table, read from YAML and checked before anything runs.

A file is close to Great Expectations' own form of a suite:

    name: raw/demo_shop/orders            # its path under expectations/, without the ending
    sentence: What an order must look like when it lands.
    expectations:
      - type: expect_column_values_to_not_be_null      # any expectation of Great Expectations
        kwargs: {column: id, mostly: 0.99}
        meta:
          sentence: almost every order has an id       # what a person reads when it fails
          sample: [id]                                 # what may be shown of failing rows: ids, no person
          about: rows                                  # or `table`: the sample then says what was found

`unexpected_rows_expectation` takes SQL that selects the failing rows from `{batch}`, and `mostly` as well.
A faulty row is quarantined, a faulty table stops the run: what is said of values says `mostly`, and a few
rows never fail that, however small the batch. Where a batch is empty, what is said of values holds.
A `{parameter}` in a sentence or a value is filled from the settings when the gate is built.

Belongs here: the form of a suite and its errors. Does not belong here: running one (engine.py).
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import yaml

from dagster_project.errors import WarehouseError
from dagster_project.yaml_files import read_yaml

EXPECTATIONS = Path(__file__).resolve().parents[2] / "expectations"
ROW_QUERY = "unexpected_rows_expectation"

_PERSONAL = re.compile(r"mail|phone|name|birth|address|street|postal|_ip$", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"(?<!\{)\{([a-z][a-z0-9_]*)(:[^{}]*)?\}(?!\})")
_NAMED_TABLE = re.compile(r"(?<!distinct )\b(?:from|join)\s+(\w+)\.(\w+)", re.IGNORECASE)
_ENTRY_KEYS = {"type", "kwargs", "meta"}
_META_KEYS = {"sentence", "sample", "about"}


class SuiteError(WarehouseError):
    """A suite that cannot be used; the message names the file and says what is wrong with it."""


@dataclass(frozen=True)
class Expectation:
    """One expectation with the sentence that a person reads and the columns that a sample may show."""

    type: str
    kwargs: Mapping[str, Any]
    sentence: str
    sample: tuple[str, ...] = ()
    about: Literal["rows", "table"] = "rows"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it reads, as far as its arguments name them."""
        if self.type in {"expect_column_to_exist", "expect_table_columns_to_match_set"}:
            return ()
        single = [self.kwargs[name] for name in ("column", "column_A", "column_B") if name in self.kwargs]
        return tuple(dict.fromkeys([*single, *self.kwargs.get("column_list", [])]))


@dataclass(frozen=True)
class Suite:
    """What is expected of one table."""

    name: str
    sentence: str
    expectations: tuple[Expectation, ...]

    @property
    def tables(self) -> frozenset[str]:
        """The tables of the warehouse (schema.name) that its queries name beside the batch."""
        queries = [expectation.kwargs.get("unexpected_rows_query", "") for expectation in self.expectations]
        return frozenset(".".join(named) for query in queries for named in _NAMED_TABLE.findall(query))

    def filled(self, parameters: Mapping[str, Any]) -> "Suite":
        """The suite with its `{parameters}` replaced by their values."""

        def fill(value: Any) -> Any:
            return _fill(value, parameters, self.name)

        return replace(
            self,
            expectations=tuple(
                replace(
                    expectation,
                    sentence=fill(expectation.sentence),
                    kwargs={key: fill(value) for key, value in expectation.kwargs.items()},
                )
                for expectation in self.expectations
            ),
        )


def load_suite(name: str, root: Path = EXPECTATIONS) -> Suite:
    """Read `<root>/<name>.yml`."""
    path = root / f"{name}.yml"
    if not path.is_file():
        raise SuiteError(f"{_shown(path, root)}: there is no such file")
    try:
        content = read_yaml(path)
    except yaml.YAMLError as error:
        raise SuiteError(f"{_shown(path, root)}: not valid YAML ({str(error).splitlines()[0]})") from error
    try:
        return _suite(content, name)
    except SuiteError as error:
        raise SuiteError(f"{_shown(path, root)}: {error}") from None


def load_suites(folder: str, tables: Collection[str], root: Path = EXPECTATIONS) -> dict[str, Suite]:
    """Read every suite of `<root>/<folder>`; each must be about one of `tables`."""
    suites = {}
    for path in sorted((root / folder).glob("*.yml")):
        if path.stem not in tables:
            known = ", ".join(sorted(tables)) or "none"
            raise SuiteError(f"{_shown(path, root)}: there is no table {path.stem} (tables: {known})")
        suites[path.stem] = load_suite(f"{folder}/{path.stem}", root)
    return suites


@cache
def expectation_types() -> frozenset[str]:
    """Great Expectations' own expectations, listed without importing it: the modules that it offers."""
    package = find_spec("great_expectations")
    if package is None or not package.submodule_search_locations:
        raise SuiteError("Great Expectations is not installed")
    core = Path(package.submodule_search_locations[0]) / "expectations" / "core" / "__init__.py"
    return frozenset(re.findall(r"^from \.(\w+) import", core.read_text(encoding="utf-8"), re.MULTILINE))


def is_personal(column: str) -> bool:
    """Whether a column, by its name, may say who somebody is."""
    return bool(_PERSONAL.search(column))


def _suite(content: Any, name: str) -> Suite:
    if not isinstance(content, dict) or set(content) != {"name", "sentence", "expectations"}:
        raise SuiteError("a suite has exactly the keys name, sentence and expectations")
    if content["name"] != name:
        raise SuiteError(f"its name is {content['name']}, its place says {name}")
    if not isinstance(content["expectations"], list) or not content["expectations"]:
        raise SuiteError("expectations is not a list of at least one expectation")
    expectations = [_expectation(entry, place) for place, entry in enumerate(content["expectations"], 1)]
    sentences = [expectation.sentence for expectation in expectations]
    for sentence in sentences:
        if sentences.count(sentence) > 1:
            raise SuiteError(f"two expectations say: {sentence}")
    return Suite(name, " ".join(str(content["sentence"]).split()), tuple(expectations))


def _expectation(entry: Any, place: int) -> Expectation:
    where = f"expectation {place}"
    if not isinstance(entry, dict) or not {"type", "meta"} <= set(entry) <= _ENTRY_KEYS:
        raise SuiteError(f"{where} has not exactly the keys type, kwargs and meta")
    kwargs, meta = entry.get("kwargs") or {}, entry["meta"]
    if entry["type"] not in expectation_types():
        raise SuiteError(f"{where} has the unknown type {entry['type']}")
    if not isinstance(kwargs, dict):
        raise SuiteError(f"{where} has kwargs that are no mapping")
    if not isinstance(meta, dict) or "sentence" not in meta or not set(meta) <= _META_KEYS:
        raise SuiteError(f"{where} has a meta with other keys than sentence (always), sample and about")
    if meta.get("about", "rows") not in {"rows", "table"}:
        raise SuiteError(f"{where} is about {meta['about']}; that is either rows or table")
    if entry["type"] == ROW_QUERY and "{batch}" not in str(kwargs.get("unexpected_rows_query")):
        raise SuiteError(f"{where} selects no rows from {{batch}}")
    sample = meta.get("sample") or []
    for column in sample:
        if is_personal(column):
            raise SuiteError(f"{where} would show {column} in a sample; samples show ids, nobody's data")
    return Expectation(
        type=entry["type"],
        kwargs=kwargs,
        sentence=" ".join(str(meta["sentence"]).split()),
        sample=tuple(sample),
        about=meta.get("about", "rows"),
    )


def _fill(value: Any, parameters: Mapping[str, Any], suite: str) -> Any:
    """A value with its placeholders filled; a value that is nothing but one keeps the parameter's type."""
    if isinstance(value, list):
        return [_fill(item, parameters, suite) for item in value]
    if not isinstance(value, str):
        return value

    def filled(match: re.Match[str]) -> str:
        name, form = match.group(1), match.group(2) or ":"
        if name == "batch":
            return match.group(0)
        if name not in parameters:
            raise SuiteError(f"{suite}: the parameter {name} is not set")
        return format(parameters[name], form[1:])

    whole = _PLACEHOLDER.fullmatch(value)
    if whole and whole.group(1) in parameters and not whole.group(2):
        return parameters[whole.group(1)]
    return _PLACEHOLDER.sub(filled, value)


def _shown(path: Path, root: Path) -> str:
    """The file as a person finds it, without the machine's own folders."""
    return (Path(root.name) / path.relative_to(root)).as_posix()
