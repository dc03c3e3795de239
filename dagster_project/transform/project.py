"""The dbt project as this process uses it: its vars, its parsed manifest, and calls in-process.

The manifest is parsed once per state of dbt/ and source, and kept under the home. Knows no Dagster asset.
"""

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from dagster_project.errors import WarehouseError
from dagster_project.home import Home
from dagster_project.settings import PROJECT_FOLDER
from dagster_project.sources.config import Source
from dagster_project.warehouse import open_warehouse

DBT_FOLDER = PROJECT_FOLDER / "dbt"


class TransformError(WarehouseError):
    """dbt could not be run, or a model or test failed; the message names it."""


# Lines of a message of dbt that repeat where it comes from.
NO_CONTENT = re.compile(r"\w+ Error in |> |compiled code at ")

_parsed_manifests: dict[str, Any] = {}


def dbt_vars(source: Source) -> Mapping[str, Any]:
    """The vars that shape the manifest; each call adds the home and, where it needs one, the as-of date."""
    return {
        "shop_time_zone": source.time_zone,
        "shop_currency": source.currency,
        "systems": [
            {
                "name": system.name,
                "platform": system.platform,
                "entities": list(system.entities),
                "tables": [name for name, table in system.tables.items() if not table.lookup],
                "shop": source.shop_of(system),
            }
            for system in source.systems
        ],
    }


@dataclass(frozen=True)
class DbtProject:
    """dbt/ with the vars of one source, and the home that its calls read and write."""

    folder: Path
    home: Home
    vars: Mapping[str, Any]
    threads: int

    @cached_property
    def digest(self) -> str:
        """One value per state of the project's files and its vars: what a parsed manifest is good for."""
        from dbt.version import __version__

        digest = hashlib.sha256(json.dumps([__version__, self.vars], sort_keys=True).encode())
        for path in sorted(self.folder.rglob("*")):
            if path.suffix in {".sql", ".yml", ".csv"}:
                digest.update(path.relative_to(self.folder).as_posix().encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    @property
    def target(self) -> Path:
        """dbt's target folder, one per digest."""
        return self.home.dbt / self.digest

    @property
    def unused_platforms(self) -> Sequence[str]:
        """Platforms with staging models here that no system of this source is of."""
        used = {system["platform"] for system in self.vars["systems"]}
        folders = (self.folder / "models" / "staging").iterdir()
        return sorted(folder.name for folder in folders if folder.is_dir() and folder.name not in used)

    def platform_tables(self, platform: str) -> Sequence[str]:
        """The raw tables that a platform's staging models read."""
        return [node["name"] for node in self.manifest["sources"].values() if node["source_name"] == platform]

    def tables(self, schema: str) -> Sequence[str]:
        """The models of a schema, by the names of their tables."""
        models = [node for node in self.manifest["nodes"].values() if node["resource_type"] == "model"]
        return [model["alias"] for model in models if model["schema"] == schema]

    @cached_property
    def manifest(self) -> Mapping[str, Any]:
        """The manifest as dbt writes it: parsed on first use, then read from the home.

        Raises TransformError where the project cannot be parsed.
        """
        path = self.target / "manifest.json"
        if not path.exists():
            return self._parsed.writable_manifest().to_dict(omit_none=False)
        return json.loads(path.read_text())

    def build(
        self, select: Sequence[str], as_of: str | None = None, on_event: Callable[[Any], None] | None = None
    ) -> Sequence[Any]:
        """Build what `select` names, without unit tests, and return dbt's result of each node, failed ones included.

        The warehouse file is closed afterwards, so that other steps of this process may open it.

        Raises TransformError where dbt could not start, WarehouseFileError where the warehouse cannot be opened.
        """
        arguments = ["build", "--select", *select, "--indirect-selection", "empty"]
        arguments += ["--exclude-resource-type", "unit_test", "--no-write-json"]
        variables = {
            **self.vars,
            "home": self.home.folder.as_posix(),
            "threads": self.threads,
            **({"as_of_date": as_of} if as_of else {}),
        }
        open_warehouse(self.home.warehouse).close()
        try:
            return self._invoke(arguments, variables, self._parsed, on_event).results
        finally:
            release_warehouse()

    def build_all(self, select: Sequence[str]) -> None:
        """Build what `select` names.

        Raises TransformError where a node of it fails, and what `build` raises.
        """
        raise_failures(self.build(select))

    def stage(self, tag: str) -> Sequence[str]:
        """The models and seeds of a stage that this source uses, by their full names."""
        unused = [["staging", platform] for platform in self.unused_platforms]
        return [
            ".".join(node["fqn"])
            for node in self.manifest["nodes"].values()
            if node["resource_type"] in {"model", "seed"} and tag in node["tags"] and node["fqn"][1:3] not in unused
        ]

    @property
    def _parsed(self) -> Any:
        """dbt's own manifest object; one serves every home of this process."""
        if self.digest not in _parsed_manifests:
            _parsed_manifests[self.digest] = self._invoke(["parse"], self.vars)
        return _parsed_manifests[self.digest]

    def _invoke(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, Any],
        manifest: Any = None,
        on_event: Callable[[Any], None] | None = None,
    ) -> Any:
        from dbt.cli.main import dbtRunner

        common = [
            *("--project-dir", str(self.folder), "--profiles-dir", str(self.folder)),
            *("--target-path", str(self.target), "--log-path", str(self.home.dbt / "logs")),
            *("--log-level", "none", "--log-level-file", "info", "--threads", str(self.threads)),
            *("--vars", json.dumps(variables)),
        ]
        self.home.folder.mkdir(parents=True, exist_ok=True)
        runner = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else [])
        outcome = runner.invoke([*arguments, *common])
        if outcome.result is None:
            raise TransformError(f"dbt {arguments[0]} could not run: {plain(str(outcome.exception))}")
        return outcome.result


def raise_failures(results: Sequence[Any], about: str = "") -> None:
    """Raises TransformError where dbt's results have a failed one; `about` begins its message."""
    failed = [result for result in results if str(result.status) in {"error", "fail", "runtime error"}]
    if failed:
        sentences = "; ".join(f"{result.node.name}: {plain(result.message or str(result.status))}" for result in failed)
        raise TransformError(f"{about}dbt: {len(failed)} of {len(results)} models and tests failed. {sentences}")


def plain(message: str) -> str:
    """What a message of dbt says, as one paragraph: without the model's path and the trail of macros."""
    lines = [line.strip() for line in message.splitlines()]
    return " ".join(line for line in lines if line and not NO_CONTENT.match(line))


def release_warehouse() -> None:
    """Close the warehouse file, which dbt keeps open after a call."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager

    with DuckDBConnectionManager._LOCK:
        if DuckDBConnectionManager._ENV is not None:
            DuckDBConnectionManager._ENV.close()
        DuckDBConnectionManager.close_all_connections()
