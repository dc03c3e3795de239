"""How a dbt node appears in Dagster: its asset key, its group, what it depends on, when it is late, and what its tests
ask. Runs nothing; what is told of a table once it is built stands in observation.py."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import AssetCheckSpec, AssetKey, AssetSpec, TableSchema
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings
from dagster_dbt.asset_utils import default_metadata_from_dbt_resource_props

from dagster_project.automation import FRESHNESS
from dagster_project.home import Home
from dagster_project.sources.assets import raw_key
from dagster_project.sources.config import Source
from dagster_project.sources.platforms import CONTRACT_SHAPE
from dagster_project.transform.check_sentences import sentence


def exchange_key(name: str) -> AssetKey:
    """The asset that writes a file of <home>/exchange, which dbt reads as a table of its source `exchange`."""
    return AssetKey(["exchange", name])


def is_public(node: Mapping[str, Any]) -> bool:
    """Whether a dbt node is a mart that is published."""
    return node["config"].get("access") == "public"


def with_exchange_columns(manifest: Mapping[str, Any], spec: AssetSpec) -> AssetSpec:
    """The asset of a file of the exchange with the columns that dbt's source of that name describes; any other as it
    is."""
    source = manifest["sources"].get(f"source.warehouse.exchange.{spec.key.path[-1]}")
    if source is None or spec.key != exchange_key(source["name"]):
        return spec
    schema = default_metadata_from_dbt_resource_props(source)["dagster/column_schema"]
    return spec.merge_attributes(metadata={"dagster/column_schema": schema})


def exchange_file(home: Home, key: AssetKey) -> Path:
    """Where the asset's file is."""
    return home.exchange / f"{key.path[-1]}.parquet"


def column_schema(manifest: Mapping[str, Any], model: str) -> TableSchema:
    """The columns of a model, as its YAML describes them."""
    (node,) = (
        node for node in manifest["nodes"].values() if node["resource_type"] == "model" and node["name"] == model
    )
    return default_metadata_from_dbt_resource_props(node)["dagster/column_schema"]


class WarehouseTranslator(DagsterDbtTranslator):
    """Asset keys are schema and name; a platform's dbt source is the raw tables of all its systems."""

    def __init__(self, source: Source) -> None:
        # Source tests as checks would switch off the blocking checks upstream of dbt: they stay off.
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))
        self._source = source
        self._specs: dict[str, AssetSpec] = {}

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            if dbt_resource_props["source_name"] in {"exchange", "published"}:
                return AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
            return self._raw_keys(dbt_resource_props)[0]
        return AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["description"].strip()

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "source":
            return None
        return dbt_resource_props["schema"]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> AssetSpec:
        # Dagster asks for a node once for each that reads it.
        if unique_id not in self._specs:
            self._specs[unique_id] = self._spec(manifest, unique_id, project)
        return self._specs[unique_id]

    def _spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        others = [
            key
            for upstream_id in manifest["parent_map"].get(unique_id, [])
            if upstream_id.startswith("source.")
            for key in self._raw_keys(manifest["sources"][upstream_id])[1:]
        ]
        spec = spec.merge_attributes(deps=others) if others else spec
        node = self.get_resource_props(manifest, unique_id)
        return spec.replace_attributes(freshness_policy=FRESHNESS) if is_public(node) else spec

    def get_asset_check_spec(
        self, asset_spec: AssetSpec, manifest: Mapping[str, Any], unique_id: str, project: Any
    ) -> AssetCheckSpec | None:
        spec = super().get_asset_check_spec(asset_spec, manifest, unique_id, project)
        return spec and spec._replace(description=sentence(manifest["nodes"][unique_id]))

    def _raw_keys(self, source_props: Mapping[str, Any]) -> list[AssetKey]:
        """The raw tables that a dbt source stands for; one outside this source's systems stands for itself."""
        platform, table = source_props["source_name"], source_props["name"]
        systems = [
            system.name
            for system in self._source.systems
            if system.platform == platform and (platform != CONTRACT_SHAPE or table in system.tables)
        ]
        return [raw_key(system, table) for system in systems or [platform]]
