"""What Dagster is told of the tables that stand after a stage: how many rows, a preview, where their columns come
from. A preview holds no personal column.

How a table appears before it is built stands in translator.py.
"""

from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from dagster import (
    AssetKey,
    MetadataValue,
    TableColumn,
    TableColumnDep,
    TableColumnLineage,
    TableRecord,
    TableSchema,
)

from dagster_project import sql
from dagster_project.transform.lineage import Lineage, refresh_lineage
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import is_public
from dagster_project.warehouse import open_warehouse

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PREVIEW_ROWS = 5
# A staging view would read raw again to be counted; raw says its rows itself.
UNCOUNTED = "staging"


def observe(
    project: DbtProject, standing: Collection[Mapping[str, Any]], built: Collection[Any], warn: Callable[[str], None]
) -> Mapping[str, Mapping[str, Any]]:
    """Metadata by node id of the nodes that stand, of which dbt built some now; `warn` takes what is missing."""
    with open_warehouse(project.home.warehouse) as warehouse:
        counts = row_counts(warehouse, standing)
        previews = {node["unique_id"]: preview(warehouse, node) for node in standing if is_public(node)}
        lineages = refresh_lineage(warehouse, project.home, project.target, built, warn)
    told = {node.unique_id: lineage_metadata(lineages[node.unique_id]) for node in built if node.unique_id in lineages}
    return {
        node_id: {
            name: values[node_id]
            for name, values in (("dagster/row_count", counts), ("preview", previews), ("dagster/column_lineage", told))
            if values.get(node_id) is not None
        }
        for node_id in (node["unique_id"] for node in standing)
    }


def row_counts(warehouse: "DuckDBPyConnection", nodes: Collection[Mapping[str, Any]]) -> Mapping[str, int]:
    """The rows of the tables of dbt nodes, by node id; staging is not counted."""
    counted = [node for node in nodes if node["schema"] != UNCOUNTED]
    if not counted:
        return {}
    counts = [f"select {sql.text(node['unique_id'])}, count(*) from {_relation(node)}" for node in counted]
    return dict(warehouse.execute(" union all ".join(counts)).fetchall())


def preview(warehouse: "DuckDBPyConnection", node: Mapping[str, Any]) -> MetadataValue | None:
    """The first rows of a published table without its personal columns; None where that leaves nothing."""
    columns = [name for name, column in node["columns"].items() if not is_marked_personal(column)]
    listed = ", ".join(map(sql.name, columns))
    rows = (
        warehouse.execute(f"select {listed} from {_relation(node)} limit {PREVIEW_ROWS}").fetchall() if columns else []
    )
    if not rows:
        return None
    records = [TableRecord(dict(zip(columns, map(_shown, row), strict=True))) for row in rows]
    schema = TableSchema([TableColumn(name, type=node["columns"][name].get("data_type") or "?") for name in columns])
    return MetadataValue.table(records, schema)


def is_marked_personal(column: Mapping[str, Any]) -> bool:
    """Whether its YAML says that a column tells who somebody is, or what they said of themselves."""
    return bool(column["config"].get("meta", {}).get("personal"))


def lineage_metadata(lineage: Lineage) -> TableColumnLineage:
    """The lineage of a model's columns as Dagster takes it."""
    return TableColumnLineage(
        {
            column: [TableColumnDep(AssetKey(path), name) for path, name in origins]
            for column, origins in lineage.items()
        }
    )


def _relation(node: Mapping[str, Any]) -> str:
    return f"{sql.name(node['schema'])}.{sql.name(node['alias'])}"


def _shown(value: object) -> str | int | float | bool | None:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if isinstance(value, str | int | float | bool | None) else str(value)
