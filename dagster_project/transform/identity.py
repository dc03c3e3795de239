"""Identity: which records are one person, as connected components of the links that dbt found.

The one step between dbt's stages that SQL cannot do: rounds of label propagation are silently wrong on long
chains. Reads core.int_identity_link, writes exchange/identity_component.parquet. The rules that make a link
stand in dbt/models/core/identity/.
"""

import os
from typing import TYPE_CHECKING

from dagster import AssetKey, AssetsDefinition, MaterializeResult, asset

from dagster_project.home import Home
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.translator import IDENTITY_COMPONENT
from dagster_project.warehouse import open_warehouse

if TYPE_CHECKING:
    import pandas

CONTRACT_OF_IDENTITY = ("customers", "contacts", "orders", "checkouts", "refunds")


def connected_records(links: "pandas.DataFrame") -> "pandas.DataFrame":
    """Components of the graph whose edges are the links.

    Takes columns record_key and link_key (text, one row an edge; a link key may itself be a record key) and returns
    one row per distinct key with columns record_key and component_key, the smallest key of its component, ordered
    by record_key.
    """
    import numpy
    import pandas
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    codes, keys = pandas.factorize(pandas.concat([links["record_key"], links["link_key"]]), sort=True)
    records, shared = codes[: len(links)], codes[len(links) :]
    edges = coo_array((numpy.ones(len(links), dtype=bool), (records, shared)), shape=(len(keys), len(keys)))
    _, labels = connected_components(edges, directed=False)
    # Keys are in order, so the first position of a label is its smallest key.
    _, first_positions = numpy.unique(labels, return_index=True)
    return pandas.DataFrame({"record_key": keys, "component_key": keys[first_positions[labels]]})


def build_identity_asset(home: Home) -> AssetsDefinition:
    """The asset that writes one row per linked record and the component it belongs to."""

    @asset(
        key=IDENTITY_COMPONENT,
        group_name="core",
        kinds={"scipy", "parquet"},
        deps=[
            AssetKey(["core", "int_identity_link"]),
            *(AssetKey(["contract", entity]) for entity in CONTRACT_OF_IDENTITY),
        ],
        pool=WRITER_POOL,
    )
    def identity_component() -> MaterializeResult:
        """Records that share an e-mail or a platform id, directly or through others, as one component."""
        with open_warehouse(home.warehouse) as warehouse:
            links = warehouse.execute(
                "select record_key, link_key from core.int_identity_link where not is_blocked"
            ).df()
        components = connected_records(links)
        home.exchange.mkdir(parents=True, exist_ok=True)
        path = home.exchange / "identity_component.parquet"
        unfinished = path.with_suffix(".tmp")
        components.to_parquet(unfinished, index=False)
        os.replace(unfinished, path)
        return MaterializeResult(
            metadata={
                "dagster/row_count": len(components),
                "components": int(components["component_key"].nunique()),
            }
        )

    return identity_component
