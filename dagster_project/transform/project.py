"""The dbt project as this process uses it: its vars, its parsed manifest, and calls in-process.

The manifest is parsed once per state of dbt/ and source, and kept under the home. Knows no Dagster asset.
"""

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

from dagster_project.errors import WarehouseError
from dagster_project.files import write_text
from dagster_project.home import Home
from dagster_project.ledger import Made, digest, empty, packages_version, python_version, read_ledger, record
from dagster_project.settings import PROJECT_FOLDER
from dagster_project.sources.config import Source
from dagster_project.transform.database_errors import quote_no_values
from dagster_project.transform.increments import Increments, News, inputs_of, is_incremental, to_hold
from dagster_project.transform.selection import selection
from dagster_project.transform.versions import Versions
from dagster_project.warehouse import engine_settings, open_warehouse

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
    """dbt/ with the vars of one source, the home that its calls read and write, and the threads of DuckDB."""

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
        if not self._written_manifest.exists():
            parsed = self._parsed  # which writes it, unless another home of this process had it parsed
            if not self._written_manifest.exists():
                return parsed.writable_manifest().to_dict(omit_none=False)
        return json.loads(self._written_manifest.read_text())

    @cached_property
    def semantic_manifest(self) -> Mapping[str, Any]:
        """What MetricFlow reads: semantic models and metrics, as dbt writes them."""
        from dbt.contracts.graph.semantic_manifest import SemanticManifest

        file = self.target / "semantic_manifest.json"
        if not file.exists():
            SemanticManifest(self._parsed).write_json_to_file(str(file))
        return json.loads(file.read_text())

    def documentation(self) -> str:
        """dbt's documentation of its models and of the warehouse's tables as one page, which holds no rows.

        Raises TransformError where dbt could not start, WarehouseFileError where the warehouse cannot be opened.
        """
        if not self._written_manifest.exists():
            write_text(self._written_manifest, json.dumps(self.manifest))
        open_warehouse(self.home.warehouse).close()
        try:
            self._invoke(["docs", "generate", "--static", "--no-compile"], {**self.vars, **self._engine}, self._parsed)
        finally:
            release_warehouse()
        page = self.target / "static_index.html"
        text = page.read_text().replace(self.folder.as_posix(), self.folder.name)  # names no user's folder
        page.unlink()
        return text

    @property
    def _written_manifest(self) -> Path:
        return self.target / "manifest.json"

    def refresh(
        self, nodes: Collection[str], as_of: str | None = None, on_event: Callable[[Any], None] | None = None
    ) -> tuple[Sequence[Any], Collection[str]]:
        """Build those of the nodes (by id) that would come out differently than they are.

        Returns dbt's results, failed ones included, and the ids of those that stay as they are.

        Raises what `build` raises.
        """
        with open_warehouse(self.home.warehouse) as warehouse:
            held = read_ledger(warehouse)
            relations = set(warehouse.execute("select schema_name, table_name from duckdb_tables()").fetchall())
            relations |= set(warehouse.execute("select schema_name, view_name from duckdb_views()").fetchall())
        versions = self._versions(held, nodes, as_of)
        unchanged = {
            node_id
            for node_id in nodes
            if held.get(node_id) == versions.to_hold(node_id)
            and (
                (node := self.manifest["nodes"][node_id])["resource_type"] == "test"
                or (node["schema"], node["alias"]) in relations
            )
        }
        changed = [node_id for node_id in nodes if node_id not in unchanged]
        select = selection(self.manifest, changed)
        increments = Increments(versions, relations, changed).find()
        return (self.build(select, as_of, on_event, increments) if select else []), unchanged

    def build(
        self,
        select: Sequence[str],
        as_of: str | None = None,
        on_event: Callable[[Any], None] | None = None,
        increments: Mapping[str, News] = MappingProxyType({}),
    ) -> Sequence[Any]:
        """Build what `select` names, changed or not, without unit tests, and return dbt's result of each node, failed
        ones included. Of the incremental models those in `increments` are brought up to date, the other ones built
        whole.

        The warehouse file is closed afterwards, so that other steps of this process may open it.

        Raises TransformError where dbt could not start, WarehouseFileError where the warehouse cannot be opened.
        """
        arguments = ["build", "--select", *select, "--indirect-selection", "empty"]
        arguments += ["--exclude-resource-type", "unit_test", "--no-write-json"]
        variables = {
            **self.vars,
            **self._engine,
            "increments": {node_id: dict(news) for node_id, news in increments.items()},
            **({"as_of_date": as_of} if as_of else {}),
        }
        parsed = self._parsed
        with open_warehouse(self.home.warehouse) as warehouse:
            held = empty(warehouse)
        try:
            results = self._invoke(arguments, variables, parsed, on_event).results
        finally:
            release_warehouse()
        built = [result.node.unique_id for result in results]
        versions = self._versions(held, built, as_of)
        known: dict[str, str | None] = {**held}
        for result in results:
            node, is_built = result.node.unique_id, str(result.status) in {"success", "pass"}
            known[node] = versions.to_hold(node) if is_built else None
            if is_incremental(versions, node):
                known[inputs_of(node)] = to_hold(versions, node, increments) if is_built else None
        with open_warehouse(self.home.warehouse) as warehouse:
            record(warehouse, known)
        return results

    def made(self, name: str, file: Path, tables: Collection[str], *parts: object) -> Made:
        """A file that Python makes of tables (schema.name), of other parts and of its own code."""
        with open_warehouse(self.home.warehouse) as warehouse:
            held = read_ledger(warehouse)
        version = digest(python_version(), self.table_versions(held, tables), parts)
        return Made(self.home.warehouse, name, file, held.get(name), version)

    def table_versions(self, held: Mapping[str, str], tables: Collection[str]) -> Mapping[str, str]:
        """By table (schema.name) the version of what it holds, as the ledger has it; one of its own where that is not
        known."""
        versions = self._versions(held)
        return {table: versions.of(self._node_ids[table]) for table in tables}

    def _versions(self, held: Mapping[str, str], building: Collection[str] = (), as_of: str | None = None) -> Versions:
        code, systems = digest(self.digest, packages_version()), defaultdict(list)
        for system in self.vars["systems"]:
            systems[system["platform"]].append(system["name"])
        return Versions(self.manifest, code, self.home, systems, held, frozenset(building), as_of)

    @cached_property
    def _node_ids(self) -> Mapping[str, str]:
        return {
            f"{node['schema']}.{node['alias']}": node_id
            for node_id, node in self.manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed"}
        }

    def refresh_stage(self, tag: str) -> None:
        """Build those models and seeds of a stage that this source uses and that changed.

        Raises TransformError where one of them fails, and what `build` raises.
        """
        unused = [["staging", platform] for platform in self.unused_platforms]
        nodes = [
            node_id
            for node_id, node in self.manifest["nodes"].items()
            if node["resource_type"] in {"model", "seed"} and tag in node["tags"] and node["fqn"][1:3] not in unused
        ]
        results, _ = self.refresh(nodes)
        raise_failures(results)

    @property
    def _engine(self) -> Mapping[str, Any]:
        """The vars that dbt's profile reads: where the warehouse is, and what it may use."""
        memory = engine_settings()["memory_limit"]
        return {"home": self.home.folder.as_posix(), "threads": self.threads, "memory_limit": memory}

    @property
    def _parsed(self) -> Any:
        """dbt's own manifest object; one serves every home of this process."""
        if self.digest not in _parsed_manifests:
            is_written = self._written_manifest.exists()
            arguments = ["parse", *(["--no-write-json"] if is_written else [])]
            _parsed_manifests[self.digest] = self._invoke(arguments, self.vars)
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
            *("--log-level", "none", "--log-level-file", "info"),
            *("--vars", json.dumps(variables)),
        ]
        self.home.folder.mkdir(parents=True, exist_ok=True)
        quote_no_values()
        runner = dbtRunner(manifest=manifest, callbacks=[on_event] if on_event else [])
        outcome = runner.invoke([*arguments, *common])
        if outcome.result is None:
            raise TransformError(f"dbt {arguments[0]} could not run: {_said(outcome.exception)}")
        return outcome.result


def raise_failures(results: Sequence[Any], about: str = "") -> None:
    """Raises TransformError where dbt's results have a failed one; `about` begins its message."""
    failed = [result for result in results if str(result.status) in {"error", "fail", "runtime error"}]
    if failed:
        sentences = "; ".join(f"{result.node.name}: {plain(result.message or str(result.status))}" for result in failed)
        raise TransformError(f"{about}dbt: {len(failed)} of {len(results)} models and tests failed. {sentences}")


def _said(error: BaseException) -> str:
    """What an error says; of one that says nothing, as where a signal ended dbt, what it is."""
    return plain(str(error)) or type(error).__name__


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
