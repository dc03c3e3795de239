"""The public marts as dbt's YAML describes them: grain, columns, types, keys. What is made of them stands elsewhere."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Column:
    """A column; `type` is the portable one that the YAML has."""

    name: str
    type: str
    description: str


@dataclass(frozen=True)
class Mart:
    """A model with `access: public`.

    schema       of the warehouse
    description  begins with the grain
    keys         the sets of columns that dbt tests to be unique in every row
    """

    name: str
    schema: str
    description: str
    columns: Sequence[Column]
    keys: Sequence[Sequence[str]]


def public_marts(manifest: Mapping[str, Any]) -> Sequence[Mart]:
    """The public marts of dbt's manifest, by name."""
    keys = _unique_columns(manifest)
    return sorted(
        (
            Mart(
                node["alias"],
                node["schema"],
                _plain(node["description"]),
                [
                    *(
                        Column(column["name"], column["data_type"], _plain(column["description"]))
                        for column in node["columns"].values()
                    ),
                    *(_segment_columns(manifest) if node["name"] == "customer_segments" else []),
                ],
                keys[node_id],
            )
            for node_id, node in manifest["nodes"].items()
            if node["resource_type"] == "model" and node["config"].get("access") == "public"
        ),
        key=lambda mart: mart.name,
    )


def _segment_columns(manifest: Mapping[str, Any]) -> Sequence[Column]:
    """The columns of the wide table that no YAML lists, as they follow the catalogue."""
    (catalogue,) = (node for node in manifest["nodes"].values() if node["name"] == "segment_catalog")
    return [
        Column(segment["name"], "boolean", f"{segment['label']}: {segment['question']}")
        for segment in catalogue["config"]["meta"]["segments"]
        if "for_each" not in segment
    ]


def _unique_columns(manifest: Mapping[str, Any]) -> Mapping[str, Sequence[Sequence[str]]]:
    """By node the columns that a test without a condition says to be unique."""
    found = defaultdict(list)
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {}
        if test.get("name") in {"unique", "unique_combination"} and not node["config"].get("where"):
            arguments = test["kwargs"]
            found[node["attached_node"]].append(arguments.get("columns") or [arguments["column_name"]])
    return found


def _plain(text: str) -> str:
    return " ".join(text.split())
