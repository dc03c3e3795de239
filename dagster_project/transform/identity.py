"""Identity: which records are one person, as connected components of the links that dbt found.

The one step between dbt's stages that SQL cannot do: rounds of label propagation are silently wrong on long
chains. Reads core.int_identity_link, writes exchange/identity_component.parquet. The rules that make a link
stand in dbt/models/core/identity/.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import AssetKey, AssetsDefinition, MaterializeResult, asset

from dagster_project.home import Home
from dagster_project.owners import DATA_ENGINEERING
from dagster_project.parquet import standing_file, write_parquet
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import exchange_key
from dagster_project.warehouse import open_warehouse

if TYPE_CHECKING:
    import numpy
    from duckdb import DuckDBPyConnection

KEY_TYPES = ("email", "phone", "customer_id")


def first_of_component(left: "numpy.ndarray", right: "numpy.ndarray", nodes: int) -> "numpy.ndarray":
    """The smallest node of each node's component, in a graph of `nodes` nodes (0 …) with an edge per pair.

    All arrays are of whole numbers; `left` and `right` are of one length, the result has one number a node.
    """
    import numpy
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    edges = coo_array((numpy.ones(len(left), dtype=bool), (left, right)), shape=(nodes, nodes))
    _, labels = connected_components(edges, directed=False)
    _, first_positions = numpy.unique(labels, return_index=True)
    return first_positions[labels]


def write_components(connection: "DuckDBPyConnection", path: Path) -> int:
    """Write one row per record of core.int_identity_link that shares a key with another, directly or through others:
    its record_key and its component_key, the smallest record key of its component. Returns how many rows.
    """
    import pandas

    # Whoever shares a key is one edge away from the first of them: as many edges as records, however large the crowd.
    connection.execute("""
        create or replace temp table edge as
        with links as (select record_key, link_key from core.int_identity_link where not is_blocked),
        shared as (select link_key, min(record_key) as first_key from links group by link_key having count(*) > 1)
        select record_key, first_key from links join shared using (link_key) where record_key <> first_key
    """)
    connection.execute("""
        create or replace temp table node as
        select record_key, row_number() over (order by record_key) - 1 as node
        from (select record_key from edge union select first_key from edge)
    """)
    edges = connection.execute("""
        select nodes.node as left_node, firsts.node as right_node
        from edge
        join node as nodes on nodes.record_key = edge.record_key
        join node as firsts on firsts.record_key = edge.first_key
    """).fetchnumpy()
    nodes = connection.execute("select count(*) from node").fetchone()[0]
    firsts = first_of_component(edges["left_node"], edges["right_node"], nodes)
    connection.register("component", pandas.DataFrame({"node": range(nodes), "first_node": firsts}))
    return write_parquet(
        connection,
        """
        select node.record_key, firsts.record_key as component_key
        from component
        join node on node.node = component.node
        join node as firsts on firsts.node = component.first_node
        order by record_key
        """,
        path,
    )


def blocked_keys(connection: "DuckDBPyConnection") -> Mapping[str, int]:
    """How many keys of each type link nobody, since too many share them."""
    counts = dict(
        connection.execute("select key_type, count(*) from core.int_identity_blocked_key group by key_type").fetchall()
    )
    return {key_type: counts.get(key_type, 0) for key_type in KEY_TYPES}


def build_identity_asset(project: DbtProject, home: Home) -> AssetsDefinition:
    """The asset that writes one row per linked record and the component it belongs to."""

    @asset(
        key=exchange_key("identity_component"),
        group_name="core",
        kinds={"scipy", "parquet"},
        owners=DATA_ENGINEERING,
        deps=[AssetKey(["core", "int_identity_link"]), AssetKey(["core", "int_identity_blocked_key"])],
        pool=WRITER_POOL,
    )
    def identity_component() -> MaterializeResult:
        """Records that share an e-mail, a phone or a platform id, directly or through others, as one component."""
        path = home.exchange / "identity_component.parquet"
        made = project.made("exchange.identity_component", path, ["core.int_identity_link"])
        if made.stands():
            return MaterializeResult(metadata=standing_file(path))
        with open_warehouse(home.warehouse) as warehouse:
            linked = write_components(warehouse, path)
            blocked = blocked_keys(warehouse)
        made.note()
        return MaterializeResult(
            metadata={
                "dagster/row_count": linked,
                **{f"blocked_{key_type}_keys": keys for key_type, keys in blocked.items()},
            }
        )

    return identity_component
