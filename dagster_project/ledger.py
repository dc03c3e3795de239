"""The ledger: what everything in the warehouse was made from, as one hash a name, so that a run can leave alone what
would come out the same.

It is a table of the warehouse's own file: the two cannot tell different stories. What goes into a hash is said where
the thing is made (transform/versions.py for dbt's nodes, quality/checks.py for gates).
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.settings import PROJECT_FOLDER
from dagster_project.warehouse import open_warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

UNCHANGED = {"unchanged": True}  # what Dagster is told of a thing that stands as it is
LEDGER = "create table if not exists main.ledger (name varchar, version varchar)"


def digest(*parts: object) -> str:
    """One hash of values that JSON can hold."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:32]


@cache
def packages_version() -> str:
    """A hash of everything that is installed beside the project."""
    import duckdb

    return digest(sorted(path.name for path in Path(duckdb.__file__).parent.parent.glob("*.dist-info")))


@cache
def python_version() -> str:
    """A hash of the project's Python code with its templates and of everything that is installed beside it."""
    code = {".py", ".html", ".css"}
    files = sorted(path for path in (PROJECT_FOLDER / "dagster_project").rglob("*") if path.suffix in code)
    return digest(packages_version(), [path.read_text(encoding="utf-8") for path in files])


def files_version(files: Iterable[Path]) -> str:
    """A hash of files that nobody changes in place: the names, sizes and times of those that are there, wherever their
    home is."""
    there = [(file.parts[-2:], file.stat()) for file in sorted(files) if file.exists()]
    return digest([(name, stat.st_size, stat.st_mtime_ns) for name, stat in there])


def read_ledger(warehouse: "DuckDBPyConnection") -> Mapping[str, str]:
    """The versions by name."""
    warehouse.execute(LEDGER)
    return dict(warehouse.execute("select name, version from main.ledger").fetchall())


def empty(warehouse: "DuckDBPyConnection") -> Mapping[str, str]:
    """Take everything out, before something is made that the ledger cannot name yet, and return what it knew: where the
    making breaks off, nothing is known."""
    held = read_ledger(warehouse)
    warehouse.execute("delete from main.ledger")
    return held


def record(warehouse: "DuckDBPyConnection", versions: Mapping[str, str | None]) -> None:
    """Enter versions by name; None takes a name out."""
    known = {name: version for name, version in versions.items() if version is not None}
    warehouse.execute(LEDGER)
    warehouse.execute("begin")
    warehouse.execute("delete from main.ledger where name in (select unnest(?))", [[*versions]])
    warehouse.execute("insert into main.ledger select unnest(?), unnest(?)", [[*known], [*known.values()]])
    warehouse.execute("commit")


@dataclass(frozen=True)
class Made:
    """Something that Python makes of the warehouse's tables.

    warehouse  the warehouse's file
    name       what the ledger calls it
    file       where it is
    held       a hash of what it was made from; None where that is not known
    version    the same of what it would be made from now
    """

    warehouse: Path
    name: str
    file: Path
    held: str | None
    version: str

    def stands(self) -> bool:
        """Whether it is there, and was made from the same."""
        return self.file.exists() and self.held == self.version

    def note(self) -> None:
        """Enter into the ledger that it has been made."""
        with open_warehouse(self.warehouse) as warehouse:
            record(warehouse, {self.name: self.version})
