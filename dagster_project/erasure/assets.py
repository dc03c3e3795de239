"""The erasure as a Dagster asset, between the contract's gate and everything that is known of people.

When it runs stands here; whom it finds in people.py, what it removes in removal.py.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from dagster import AssetKey, AssetsDefinition, MaterializeResult, TableColumn, TableSchema, asset

from dagster_project.erasure.erased import COLUMNS
from dagster_project.home import Home
from dagster_project.owners import DATA_ENGINEERING
from dagster_project.sources.config import Source
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject

ERASED = AssetKey(["state", "erased"])
# What people are known by; nobody is erased, and no phone number looked at, before the contract's gate has let it pass.
ENTITIES = ("erasure_requests", "customers", "contacts", "orders", "checkouts")


def build_erasure_asset(project: DbtProject, source: Source, home: Home) -> AssetsDefinition:
    """The asset that carries out what people asked for."""

    @asset(
        key=ERASED,
        group_name="contract",
        kinds={"python", "parquet"},
        owners=DATA_ENGINEERING,
        deps=[AssetKey(["contract", entity]) for entity in ENTITIES],
        metadata={"dagster/column_schema": TableSchema([TableColumn(name, kind) for name, kind in COLUMNS.items()])},
        pool=WRITER_POOL,
    )
    def erased() -> MaterializeResult:
        """Whom erasure requests name is removed from raw, snapshots, publications and the warehouse, and stays away."""
        return MaterializeResult(metadata=carry_out(project, source, home))

    return erased


def carry_out(project: DbtProject, source: Source, home: Home) -> Mapping[str, int]:
    """Erase who is listed where raw is older than the list or an erasure broke off, then whom the requests in raw name;
    each time build the contract anew. Without either do nothing.

    Returns what was done, in numbers. Raises ErasureError where a table does not say whom it names, or something of the
    people is left.
    """
    from dagster_project.erasure.people import NOBODY, pending, resolve
    from dagster_project.erasure.removal import is_carried_out, remove

    requests, done = pending(home), Counter()
    if not is_carried_out(home):
        # Not by its requests: an address that too many shared may now be one of few, and name them all.
        done.update(remove(source, home, replace(requests, count=0), NOBODY))
        project.refresh_stage("contract_stage")
        requests = pending(home)
    people = resolve(project, source, home) if requests.count else NOBODY
    if people.identifiers:
        done.update(remove(source, home, requests, people))
        project.refresh_stage("contract_stage")
    return {"requests": requests.count, "people": people.count, **done}
