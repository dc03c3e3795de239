"""The semantic layer beside the published marts: a folder in which `mf query` answers dbt/models/semantic.

Texts only. MetricFlow wants a dbt project and its semantic manifest; this one names the published tables, so that a BI
user needs neither the pipeline's database nor its code.
"""

import json
from collections.abc import Mapping
from typing import Any

FOLDER = "metrics"
PROJECT = """\
name: warehouse
version: "1.0.0"
config-version: 2
profile: warehouse
flags: {send_anonymous_usage_stats: false}
"""
PROFILES = """\
warehouse:
  target: published
  outputs:
    published:
      type: duckdb
      path: ../marts.duckdb
      config_options: {access_mode: READ_ONLY}
"""


def metrics_folder(semantic_manifest: Mapping[str, Any]) -> Mapping[str, str]:
    """The files of the folder, by their paths in the publication."""
    return {
        f"{FOLDER}/dbt_project.yml": PROJECT,
        f"{FOLDER}/profiles.yml": PROFILES,
        f"{FOLDER}/target/semantic_manifest.json": json.dumps(_of_the_published(semantic_manifest)),
    }


def _of_the_published(semantic_manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """The same about tables of marts.duckdb, which all are in one schema."""
    configuration = semantic_manifest["project_configuration"]
    return {
        **semantic_manifest,
        "semantic_models": [*map(_published, semantic_manifest["semantic_models"])],
        "project_configuration": {**configuration, "time_spines": [*map(_published, configuration["time_spines"])]},
    }


def _published(described: Mapping[str, Any]) -> Mapping[str, Any]:
    alias = described["node_relation"]["alias"]
    relation = {"alias": alias, "schema_name": "main", "database": "marts", "relation_name": f"marts.main.{alias}"}
    return {**described, "node_relation": relation}
