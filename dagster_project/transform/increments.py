"""Which incremental models can be brought up to date, and what became of each one's inputs since they were built.

An input is a table that the model reads, itself or by way of views, or a staging model with the raw files under it.
What was read is kept in the ledger beside the model's version; what is done with the news stands in
dbt/macros/increments.sql.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from dagster_project.transform.versions import Versions, has_grown

CHANGES, ARRIVALS, ANYTHING = "changes", "arrivals", "anything"

News = Mapping[str, str]


def inputs_of(node_id: str) -> str:
    """The ledger's name for what a node was built from."""
    return f"inputs of {node_id}"


@dataclass(frozen=True)
class Increments:
    """The increments of one call of dbt.

    versions   what everything is of then
    relations  (schema, table or view) that are in the warehouse
    nodes      ids of what is built
    """

    versions: Versions
    relations: Collection[tuple[str, str]]
    nodes: Collection[str]

    def find(self) -> Mapping[str, News]:
        """By node that can be brought up to date what became of its inputs; the other ones are to be built whole."""
        found: dict[str, News] = {}
        for node_id in self.versions.parents_first(self.nodes):
            if is_incremental(self.versions, node_id) and (news := self._news(node_id, found)) is not None:
                found[node_id] = news
        return found

    def _news(self, node_id: str, increments: Mapping[str, News]) -> News | None:
        node, said = self.versions.manifest["nodes"][node_id], self.versions.held.get(inputs_of(node_id))
        if said is None or node_id not in self.versions.held or (node["schema"], node["alias"]) not in self.relations:
            return None
        then = json.loads(said)
        if then["code"] != self.versions.code:
            return None
        now = inputs(self.versions, node_id)
        if then["inputs"].keys() != now.keys():
            return None
        return {
            name: self._of_input(name, then["inputs"][name], now[name], increments)
            for name in now
            if now[name] != then["inputs"][name]
        }

    def _of_input(
        self, name: str, then: Mapping[str, str], now: Mapping[str, str], increments: Mapping[str, News]
    ) -> str:
        if is_incremental(self.versions, name):
            return CHANGES if self._before(name, increments) == then[name] else ANYTHING
        rows_of = self.versions.manifest["nodes"].get(name, {}).get("config", {}).get("meta", {}).get("rows_of")
        different = [source for source in now if then.get(source) != now[source]]
        if then.keys() != now.keys() or len(different) > 1:
            return ANYTHING
        source = self.versions.manifest["sources"].get(different[0])
        if source is None or source["name"] != rows_of:
            return ANYTHING
        return ARRIVALS if has_grown(self.versions.folders(source), then[different[0]]) else ANYTHING

    def _before(self, node_id: str, increments: Mapping[str, News]) -> str | None:
        """The version that a table's last increment, which may be among those of this call, was made on."""
        if node_id in self.nodes:
            return self.versions.held[node_id] if node_id in increments else None
        return json.loads(self.versions.held.get(inputs_of(node_id), "{}")).get("before")


def to_hold(versions: Versions, node_id: str, increments: Mapping[str, News]) -> str:
    """What the ledger has to say of an incremental node that is built now."""
    before = versions.held[node_id] if node_id in increments else None
    return json.dumps({"code": versions.code, "before": before, "inputs": inputs(versions, node_id)})


def is_incremental(versions: Versions, node_id: str) -> bool:
    """Whether a node is a model that can be brought up to date."""
    return versions.manifest["nodes"].get(node_id, {}).get("config", {}).get("materialized") == "incremental"


def inputs(versions: Versions, node_id: str) -> Mapping[str, Mapping[str, str]]:
    """By input the version of each table and raw table that comes into it."""
    found = {}
    for parent in versions.parents(node_id):
        node = versions.manifest["nodes"].get(parent)
        if versions.is_view(parent) and node["fqn"][1] != "staging":
            found |= inputs(versions, parent)
        else:
            found[parent] = {base: versions.of(base) for base in versions.bases(parent)}
    return found
