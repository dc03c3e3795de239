"""How the nodes of a dbt call are named to dbt. Which they are is decided elsewhere."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any


def selection(manifest: Mapping[str, Any], chosen: Collection[str]) -> Sequence[str]:
    """Names for dbt's `--select` that mean these nodes (by id) and no others.

    A folder of which all nodes are chosen is one name: dbt goes through its whole manifest for every name, and a
    hundred names take it a second.
    """
    nodes = manifest["nodes"]
    in_all = Counter(folder for node in nodes.values() for folder in _folders(node["fqn"]))
    in_chosen = Counter(folder for node_id in chosen for folder in _folders(nodes[node_id]["fqn"]))

    def name(fqn: Sequence[str]) -> str:
        whole = (folder for folder in _folders(fqn) if in_chosen[folder] == in_all[folder])
        return next(whole, ".".join(fqn))

    return sorted({name(nodes[node_id]["fqn"]) for node_id in chosen})


def _folders(fqn: Sequence[str]) -> Iterator[str]:
    """The folders that a node is in, the outermost first; the project itself is none."""
    return (".".join(fqn[:depth]) for depth in range(2, len(fqn)))
