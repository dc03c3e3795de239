"""The files that Python assets hand to dbt, without rows: for models that are built without those assets."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import yaml

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.transform.project import DBT_FOLDER

TYPES = {"string": "varchar"}
MODELS = DBT_FOLDER / "models"


def write_empty_exchange(home: Home) -> None:
    """Write each table of dbt's source `exchange`, with the columns that it declares, and one snapshot."""
    declared = yaml.safe_load((MODELS / "core" / "_exchange__sources.yml").read_text())
    for table in declared["sources"][0]["tables"]:
        types = {column["name"]: column["data_type"] for column in table["columns"]}
        _write_empty(home.exchange / f"{table['name']}.parquet", types)
    _write_empty(home.folder / "snapshots" / "as_of_date=2026-06-30.parquet", _snapshot_types())


def _snapshot_types() -> Mapping[str, str]:
    """Columns of customer_segments: what its YAML describes, and a boolean per single segment."""
    models = yaml.safe_load((MODELS / "segments" / "_segments__models.yml").read_text())["models"]
    (wide,) = (model for model in models if model["name"] == "customer_segments")
    catalogue = yaml.safe_load((MODELS / "segments" / "segment_catalog.yml").read_text())["models"][0]
    segments = catalogue["config"]["meta"]["segments"]
    return {
        **{column["name"]: column["data_type"] for column in wide["columns"]},
        **{segment["name"]: "boolean" for segment in segments if "for_each" not in segment},
    }


def _write_empty(path: Path, types: Mapping[str, str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    columns = ", ".join(f"cast(null as {TYPES.get(kind, kind)}) as {name}" for name, kind in types.items())
    duckdb.execute(f"copy (select {columns} where false) to {sql.text(path)}")
