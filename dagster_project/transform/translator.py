"""How a dbt node appears in Dagster: its asset key, its group and what it depends on. Runs nothing."""

from collections.abc import Mapping
from typing import Any

from dagster import AssetKey, AssetSpec
from dagster_dbt import DagsterDbtTranslator, DagsterDbtTranslatorSettings

from dagster_project.sources.assets import raw_key
from dagster_project.sources.config import Source
from dagster_project.sources.platforms import CONTRACT_SHAPE


def exchange_key(name: str) -> AssetKey:
    """The asset that writes a file of <home>/exchange, which dbt reads as a table of its source `exchange`."""
    return AssetKey(["exchange", name])


class WarehouseTranslator(DagsterDbtTranslator):
    """Asset keys are schema and name; a platform's dbt source is the raw tables of all its systems."""

    def __init__(self, source: Source) -> None:
        # Source tests as checks would switch off the blocking checks upstream of dbt: they stay off.
        super().__init__(DagsterDbtTranslatorSettings(enable_source_tests_as_checks=False))
        self._source = source

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> AssetKey:
        if dbt_resource_props["resource_type"] == "source":
            if dbt_resource_props["source_name"] in {"exchange", "published"}:
                return AssetKey([dbt_resource_props["source_name"], dbt_resource_props["name"]])
            return self._raw_keys(dbt_resource_props)[0]
        return AssetKey([dbt_resource_props["schema"], dbt_resource_props["alias"]])

    def get_description(self, dbt_resource_props: Mapping[str, Any]) -> str:
        return dbt_resource_props["description"]

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str | None:
        if dbt_resource_props["resource_type"] == "source":
            return None
        return dbt_resource_props["schema"]

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: Any) -> AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        others = [
            key
            for upstream_id in manifest["parent_map"].get(unique_id, [])
            if upstream_id.startswith("source.")
            for key in self._raw_keys(manifest["sources"][upstream_id])[1:]
        ]
        return spec.merge_attributes(deps=others) if others else spec

    def _raw_keys(self, source_props: Mapping[str, Any]) -> list[AssetKey]:
        """The raw tables that a dbt source stands for; one outside this source's systems stands for itself."""
        platform, table = source_props["source_name"], source_props["name"]
        systems = [
            system.name
            for system in self._source.systems
            if system.platform == platform and (platform != CONTRACT_SHAPE or table in system.tables)
        ]
        return [raw_key(system, table) for system in systems or [platform]]
