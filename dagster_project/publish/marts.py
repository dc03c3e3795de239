"""The public marts and the metrics as dbt's YAML describes them. What is made of them stands elsewhere."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dagster_project.transform.translator import is_public


@dataclass(frozen=True)
class Column:
    """A column; `type` is the portable one that the YAML has, `is_required` says that dbt tests it to have no NULL."""

    name: str
    type: str
    description: str
    is_required: bool = False


@dataclass(frozen=True)
class Mart:
    """A model with `access: public`.

    schema       of the warehouse
    description  begins with the grain
    key          the columns that dbt tests to be unique together in all rows; none where it tests nothing like it
    order_by     the columns that its rows are put in order by: those its YAML says (`order_by`), else the key
    """

    name: str
    schema: str
    description: str
    columns: Sequence[Column]
    key: Sequence[str]
    order_by: Sequence[str]


@dataclass(frozen=True)
class Metric:
    """A metric of the semantic layer."""

    name: str
    description: str


def public_marts(manifest: Mapping[str, Any]) -> Sequence[Mart]:
    """The public marts of dbt's manifest, by name."""
    keys, required = _tested(manifest)
    marts = []
    for node_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or not is_public(node):
            continue
        columns = [
            Column(name, column["data_type"], _plain(column["description"]), (node_id, name) in required)
            for name, column in node["columns"].items()
        ]
        if node["name"] == "customer_segments":
            columns += _segment_columns(manifest)
        key = keys.get(node_id, ())
        order_by = node["config"]["meta"].get("order_by") or key
        marts.append(Mart(node["alias"], node["schema"], _plain(node["description"]), columns, key, order_by))
    return sorted(marts, key=lambda mart: mart.name)


def metrics(manifest: Mapping[str, Any]) -> Sequence[Metric]:
    """The metrics of dbt's manifest, in the order of their file."""
    return [Metric(metric["name"], _plain(metric["description"])) for metric in manifest["metrics"].values()]


def _segment_columns(manifest: Mapping[str, Any]) -> Sequence[Column]:
    """The columns of the wide table that no YAML lists, as they follow the catalogue."""
    (catalogue,) = (node for node in manifest["nodes"].values() if node["name"] == "segment_catalog")
    return [
        Column(segment["name"], "boolean", f"{segment['label']}: {segment['question']}")
        for segment in catalogue["config"]["meta"]["segments"]
        if "for_each" not in segment
    ]


def _tested(manifest: Mapping[str, Any]) -> tuple[Mapping[str, Sequence[str]], Collection[tuple[str, str]]]:
    """By node the columns that are unique together, and the columns (node, name) without NULL, as tests of all rows
    say."""
    keys, required = {}, set()
    for node in manifest["nodes"].values():
        test = node.get("test_metadata") or {"name": None}
        if node["config"].get("where"):
            continue
        if test["name"] == "unique":
            keys[node["attached_node"]] = [test["kwargs"]["column_name"]]
        elif test["name"] == "unique_combination":
            keys[node["attached_node"]] = test["kwargs"]["columns"]
        elif test["name"] == "not_null":
            required.add((node["attached_node"], test["kwargs"]["column_name"]))
    return keys, required


def _plain(text: str) -> str:
    return " ".join(text.split())
