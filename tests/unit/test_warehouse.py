"""The warehouse's file: how open_warehouse makes it, and that dbt opens it likewise."""

from pathlib import Path

import duckdb
import yaml

from dagster_project.transform.project import DBT_FOLDER
from dagster_project.warehouse import open_warehouse


def _format(connection: duckdb.DuckDBPyConnection, name: str) -> str:
    (tags,) = connection.execute("select tags from duckdb_databases() where database_name = ?", [name]).fetchone()
    return tags["storage_version"]


def test_the_file_is_in_the_newest_format_of_its_duckdb(tmp_path: Path):
    open_warehouse(tmp_path / "warehouse.duckdb").close()
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as connection:
        connection.execute(f"attach '{tmp_path / 'newest.duckdb'}' (storage_version 'latest', read_write)")
        assert _format(connection, "warehouse") == _format(connection, "newest") != "v1.0.0+"


def test_dbt_may_open_it_at_the_same_time(tmp_path: Path):
    """DuckDB refuses a second connection of the process that is configured otherwise."""
    output = yaml.safe_load((DBT_FOLDER / "profiles.yml").read_text())["warehouse"]["outputs"]["duckdb"]
    file = tmp_path / "warehouse.duckdb"
    with open_warehouse(file), duckdb.connect(str(file), config=output["config_options"]) as second:
        assert second.execute("select 1").fetchone() == (1,)
