"""The files that Python assets hand to dbt, without rows: for models that are built without those assets."""

import duckdb
import yaml

from dagster_project import sql
from dagster_project.home import Home
from dagster_project.transform.project import DBT_FOLDER

TYPES = {"string": "varchar"}


def write_empty_exchange(home: Home) -> None:
    """Write each table of dbt's source `exchange`, with the columns that it declares."""
    home.exchange.mkdir(parents=True)
    declared = yaml.safe_load((DBT_FOLDER / "models" / "core" / "_exchange__sources.yml").read_text())
    for table in declared["sources"][0]["tables"]:
        columns = ", ".join(
            f"cast(null as {TYPES.get(column['data_type'], column['data_type'])}) as {column['name']}"
            for column in table["columns"]
        )
        path = home.exchange / f"{table['name']}.parquet"
        duckdb.execute(f"copy (select {columns} where false) to {sql.text(path)}")
