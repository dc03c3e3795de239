"""Which columns each column of a model is made of, read from the SQL that dbt compiled, by sqlglot.

What a model reads says its SQL: tables of the warehouse, and Parquet files of the home. The answer is kept beside the
manifest it belongs to, since working it out takes 2.6 CPU seconds for all models. Knows no Dagster.
"""

import json
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dagster_project.files import write_text
from dagster_project.home import Home

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection
    from sqlglot import exp

# By column the columns that it is made of, each as the asset (its path) and the column.
Lineage = Mapping[str, Sequence[tuple[Sequence[str], str]]]
SCHEMA_OF_FILES = "files"
DIALECT = "duckdb"

_known: dict[str, dict[str, Lineage]] = {}


def refresh_lineage(
    warehouse: "DuckDBPyConnection", home: Home, target: Path, built: Collection[Any], warn: Callable[[str], None]
) -> Mapping[str, Lineage]:
    """The lineage of models, by id: those of dbt's nodes `built` now, and what is known of others with this manifest,
    whose folder is `target`. A model whose SQL DuckDB understands and sqlglot does not is told and has none."""
    if not built:
        return {}
    file = target / "lineage.json"
    # The same manifest of another home of this process has the same lineage.
    known = _known.setdefault(target.name, {})
    if not known and file.exists():
        known.update(json.loads(file.read_text()))
    due = [node for node in built if node.resource_type == "model" and node.unique_id not in known]
    if due:
        from sqlglot.errors import SqlglotError

        columns = _columns(warehouse)
        for node in due:
            try:
                known[node.unique_id] = column_lineage(node.compiled_code, columns, warehouse, home)
            except (SqlglotError, ValueError):
                warn(f"Where the columns of {node.name} come from is not known: sqlglot cannot read its SQL.")
        write_text(file, json.dumps(known))
    return known


def column_lineage(
    query: str, columns: Mapping[str, Mapping[str, Sequence[str]]], warehouse: "DuckDBPyConnection", home: Home
) -> Lineage:
    """What each column of a query is made of; `columns` are those of the warehouse's tables, by schema and table."""
    import sqlglot
    from sqlglot import exp, lineage
    from sqlglot.optimizer.qualify import qualify
    from sqlglot.optimizer.scope import build_scope
    from sqlglot.schema import MappingSchema

    expression = sqlglot.parse_one(query, dialect=DIALECT)
    files = dict(_files(expression, home))
    known = {**columns, SCHEMA_OF_FILES: {name: _columns_of_file(warehouse, file) for name, file in files.items()}}
    texts = {
        schema: {table: dict.fromkeys(names, "text") for table, names in tables.items()}
        for schema, tables in known.items()
    }
    schema = MappingSchema(texts, dialect=DIALECT)
    qualified = qualify(expression, dialect=DIALECT, schema=schema, validate_qualify_columns=False, identify=False)
    nodes = lineage.lineage(
        None, qualified, schema, dialect=DIALECT, scope=build_scope(qualified), trim_selects=False, copy=False
    )

    def origins(node: Any) -> Iterator[tuple[tuple[str, ...], str]]:
        for leaf in node.walk():
            if isinstance(leaf.expression, exp.Table) and not leaf.downstream:
                yield _asset(leaf.expression), leaf.name.rpartition(".")[2]

    return {column: sorted({*origins(node)}) for column, node in nodes.items()}


def _files(expression: "exp.Expression", home: Home) -> Iterator[tuple[str, str]]:
    """Replace each read of Parquet files in the query by a table of its own; yields those tables and the files."""
    from sqlglot import exp

    for table in [*expression.find_all(exp.Table)]:
        if isinstance(table.this, exp.ReadParquet):
            file = table.this.expressions[0].name
            name = home.relative(Path(file))
            alias = table.args.get("alias")
            named = exp.table_(exp.to_identifier(name, quoted=True), db=SCHEMA_OF_FILES)
            table.replace(exp.alias_(named, alias.name, table=True) if alias else named)
            yield name, file


def _asset(table: "exp.Table") -> tuple[str, ...]:
    """The path of the asset that a table of the query is: a file's own, without what stands for its parts."""
    if table.db != SCHEMA_OF_FILES:
        return table.db, table.name
    folder, _, file = table.name.rpartition("/")
    if folder == "snapshots":
        return "published", "snapshot"
    return (*folder.split("/"), *([] if "*" in file else [file.removesuffix(".parquet")]))


def _columns(warehouse: "DuckDBPyConnection") -> Mapping[str, Mapping[str, Sequence[str]]]:
    rows = warehouse.execute("""
        select schema_name, table_name, list(column_name order by column_index)
        from duckdb_columns() where not internal group by all
    """).fetchall()
    columns: dict[str, dict[str, Sequence[str]]] = {}
    for schema, table, names in rows:
        columns.setdefault(schema, {})[table] = names
    return columns


def _columns_of_file(warehouse: "DuckDBPyConnection", file: str) -> Sequence[str]:
    described = warehouse.execute(
        "describe select * from read_parquet(?, union_by_name = true, hive_partitioning = false)", [file]
    )
    return [name for name, *_ in described.fetchall()]
