"""The version of every dbt node: a hash of the code, of the as-of date where it has one, and of the versions of what it
reads, down to the files under raw/. A node that holds the version it would get need not be built.

Computes hashes only; what is held is told by the ledger, what follows from it is done in project.py.
"""

import hashlib
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from dagster_project.home import Home
from dagster_project.ledger import digest, files_version


@dataclass(frozen=True)
class Versions:
    """The versions of one moment.

    manifest  dbt's manifest
    code      a hash of all that shapes SQL and is the same for every node
    systems   by platform the names of its systems
    held      what the ledger knows
    building  ids of the nodes that are about to be built; of the others counts what is held
    as_of     the date that they are built for, where they are of the as-of group
    """

    manifest: Mapping[str, Any]
    code: str
    home: Home
    systems: Mapping[str, Collection[str]]
    held: Mapping[str, str]
    building: Collection[str] = ()
    as_of: str | None = None
    _known: dict[str, str] = field(default_factory=dict)

    def of(self, node_id: str) -> str:
        """The version of what a node holds, or will when it is built; one of its own where nobody knows."""
        if node_id not in self._known:
            self._known[node_id] = self._of(node_id)
        return self._known[node_id]

    def to_hold(self, node_id: str) -> str:
        """What the ledger has to say of a node that is built now. A view holds no rows: it stays as it is while rows
        change, as long as no file that it reads itself, or by way of views, is another one."""
        return self._shape(node_id) if self.is_view(node_id) else self.of(node_id)

    def _of(self, node_id: str) -> str:
        if node_id in self.manifest["sources"]:
            return self._of_source(self.manifest["sources"][node_id])
        if node_id in self.building or self.is_view(node_id):
            return self._hash(node_id, [self.of(parent) for parent in self.parents(node_id)])
        return self.held.get(node_id) or uuid.uuid4().hex

    def _shape(self, node_id: str) -> str:
        """Of a view's SQL, in which the home's path stands, and of the files that come into it."""
        seen = [self._seen(parent) for parent in self.parents(node_id)]
        return digest(self.home.folder, self._hash(node_id, seen))

    def _seen(self, parent: str) -> str:
        if parent in self.manifest["sources"]:
            return self.of(parent)
        return self._shape(parent) if self.is_view(parent) else parent

    def _hash(self, node_id: str, parents: list[str]) -> str:
        return digest(self.code, node_id, self.as_of if node_id in self.building else None, parents)

    def parents(self, node_id: str) -> list[str]:
        """Ids of what a node reads."""
        return sorted(self.manifest["parent_map"].get(node_id, []))

    def parents_first(self, nodes: Collection[str]) -> list[str]:
        """The nodes in an order in which each comes after what it reads."""
        return [
            node_id for node_id in TopologicalSorter(self.manifest["parent_map"]).static_order() if node_id in nodes
        ]

    def bases(self, node_id: str) -> list[str]:
        """A node itself or, of a view, the tables and sources that come into it."""
        if not self.is_view(node_id):
            return [node_id]
        return sorted({base for parent in self.parents(node_id) for base in self.bases(parent)})

    def is_view(self, node_id: str) -> bool:
        """Whether a node is a view: it holds no rows."""
        node = self.manifest["nodes"].get(node_id)
        return bool(node) and node["resource_type"] == "model" and node["config"]["materialized"] == "view"

    def _of_source(self, source: Mapping[str, Any]) -> str:
        """Of raw tables and snapshots by their files; of what Python hands over by its content."""
        if source["source_name"] == "exchange":
            return _content(self.home.exchange / f"{source['name']}.parquet")
        if source["source_name"] == "published":
            return files_version([*self.home.snapshots.glob("*.parquet")])
        return " ".join(_raw_version(_raw_files(folder)) for folder in self.folders(source))

    def folders(self, source: Mapping[str, Any]) -> Sequence[Path]:
        """The folders of a raw table, one a system."""
        return [self.home.raw(system, source["name"]) for system in self.systems.get(source["source_name"], ())]


def has_grown(folders: Sequence[Path], then: str) -> bool:
    """Whether the folders of a raw table hold the files that they held when its version was `then`, and besides these
    only such as were landed later, which their names tell."""
    counts = [int(version.split(":")[0]) for version in then.split()]
    return then == " ".join(
        _raw_version(_raw_files(folder)[:count]) for folder, count in zip(folders, counts, strict=True)
    )


def _raw_files(folder: Path) -> Sequence[Path]:
    return sorted(folder.glob("*.parquet"))


def _raw_version(files: Sequence[Path]) -> str:
    return f"{len(files)}:{files_version(files)}"


def _content(file: Path) -> str:
    if not file.exists():
        return uuid.uuid4().hex
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
