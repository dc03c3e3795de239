"""What BI people read the marts with: SQLAlchemy, dbt's documentation, the data dictionary, the Superset bundle."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pytest
import yaml
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import DBAPIError

from dagster_project.publish.assets import DOCUMENTATION
from dagster_project.publish.dictionary import DICTIONARY_FILE, dictionary
from dagster_project.publish.marts import public_marts
from dagster_project.settings import PROJECT_FOLDER
from tests.integration.conftest import Run

BUNDLE = PROJECT_FOLDER / "bi" / "superset" / "bundle"


@pytest.fixture(scope="module")
def manifest(finished_shop: Run) -> Mapping[str, Any]:
    """dbt's manifest of the run."""
    (file,) = finished_shop.home.dbt.glob("*/manifest.json")
    return json.loads(file.read_text())


def test_sqlalchemy_reads_the_marts_and_cannot_write_them(finished_shop: Run, manifest: Mapping[str, Any]):
    buyers = finished_shop.query("select count(*) as n from seg_rfm")["n"][0]
    engine = create_engine(
        f"duckdb:///{finished_shop.home.published / 'marts.duckdb'}", connect_args={"read_only": True}
    )
    assert set(inspect(engine).get_table_names()) == {mart.name for mart in public_marts(manifest)}
    frame = pd.read_sql("select classic_group, count(*) as customers from seg_rfm group by 1", engine)
    assert frame["customers"].sum() == buyers
    with engine.connect() as connection, pytest.raises(DBAPIError, match="read-only"):
        connection.execute(text("delete from seg_rfm"))
    engine.dispose()


def test_the_calendar_has_every_day_from_the_first_order_to_the_date(finished_shop: Run):
    calendar = finished_shop.query("from dim_date order by date_day")
    first = finished_shop.query("select min(order_date) as day from fct_order")["day"][0]
    days = pd.Series(pd.date_range(first, finished_shop.as_of))
    assert len(days) > 300
    expected = {
        "date_day": days,
        **{f"{name}_start": days.dt.to_period(name[0].upper()).dt.start_time for name in ("week", "month", "quarter")},
        "year": days.dt.year,
    }
    for name, values in expected.items():
        assert [*calendar[name].astype(values.dtype)] == [*values], name


def test_the_data_dictionary_is_current(manifest: Mapping[str, Any]):
    assert DICTIONARY_FILE.read_text() == dictionary(manifest), "run: make dictionary"


def test_the_data_dictionary_has_every_published_column(finished_shop: Run):
    columns = finished_shop.query("select table_name, column_name from duckdb_columns() where not internal")
    sections = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", DICTIONARY_FILE.read_text(), re.M | re.S))
    for table, names in columns.groupby("table_name")["column_name"]:
        assert re.findall(r"^\| `(\w+)` \|", sections[table], re.M) == [*names], table


def test_the_documentation_of_dbt_is_one_page_that_knows_the_tables(finished_shop: Run):
    page = (finished_shop.home.published / DOCUMENTATION).read_text()
    assert '"model.warehouse.seg_rfm"' in page
    assert '"send_anonymous_usage_stats": false' in page  # else the page reports to its makers
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=.?(https?:)?//", page)
    for folder in (finished_shop.home.folder, PROJECT_FOLDER):
        assert str(folder) not in page


def _bundle(kind: str) -> list[dict[str, Any]]:
    found = [yaml.safe_load(path.read_text()) for path in sorted((BUNDLE / kind).rglob("*.yaml"))]
    assert found
    return found


@pytest.mark.parametrize("dataset", _bundle("datasets"), ids=lambda dataset: dataset["table_name"])
def test_a_dataset_of_superset_has_the_columns_and_metrics_that_it_names(finished_shop: Run, dataset: dict[str, Any]):
    with duckdb.connect(str(finished_shop.home.published / "marts.duckdb"), read_only=True) as marts:
        columns = [name for name, *_ in marts.sql(dataset["sql"]).description]
        assert columns == [column["column_name"] for column in dataset["columns"]]
        for metric in dataset["metrics"]:
            marts.execute(f"select {metric['expression']} from ({dataset['sql']})")


def test_each_chart_of_superset_asks_its_dataset_for_what_it_has():
    datasets = {dataset["uuid"]: dataset for dataset in _bundle("datasets")}
    for chart in _bundle("charts"):
        dataset, params = datasets[chart["dataset_uuid"]], chart["params"]
        columns = {column["column_name"] for column in dataset["columns"]}
        metrics = {metric["metric_name"] for metric in dataset["metrics"]}
        named = [params[key] for key in ("x_axis", "source", "target") if key in params]
        grouped = params.get("groupby", [])
        named += [grouped] if isinstance(grouped, str) else grouped
        assert {*named, *params.get("all_columns", [])} <= columns, chart["slice_name"]
        measured = [*params.get("metrics", []), *([params["metric"]] if "metric" in params else [])]
        assert set(measured) <= metrics, chart["slice_name"]


def test_the_dashboard_of_superset_shows_every_chart():
    (dashboard,) = _bundle("dashboards")
    shown = {
        part["meta"]["uuid"]
        for part in dashboard["position"].values()
        if isinstance(part, dict) and part["type"] == "CHART"
    }
    assert shown == {chart["uuid"] for chart in _bundle("charts")}


def test_no_home_of_the_maker_is_in_the_bundle():
    (database,) = _bundle("databases")
    assert Path(database["sqlalchemy_uri"].removeprefix("duckdb:///")) == Path("/path/to/published/marts.duckdb")
