"""`mf query` on the published marts: every metric of the semantic layer against pandas."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
import yaml

from dagster_project.publish.metrics import FOLDER
from dagster_project.transform.catalogue import load_labels
from dagster_project.transform.project import DBT_FOLDER
from tests.integration.conftest import Run

Query = Callable[..., pd.DataFrame]
SEMANTIC = DBT_FOLDER / "models" / "semantic"


@pytest.fixture(scope="module")
def folder(finished_shop: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the folder that a publication has for MetricFlow, which writes logs there."""
    copy = tmp_path_factory.mktemp("published")
    (copy / "marts.duckdb").symlink_to(finished_shop.home.published.resolve() / "marts.duckdb")
    return shutil.copytree(finished_shop.home.published / FOLDER, copy / FOLDER)


@pytest.fixture(scope="module")
def query(folder: Path) -> Query:
    """Asks `mf query` for metrics by dimensions; returns what it wrote, in the order of the dimensions."""

    def ask(metrics: str, *group_by: str) -> pd.DataFrame:
        mf = Path(sys.executable).with_name("mf")
        arguments = ["--metrics", metrics, "--group-by", ",".join(group_by), "--csv", "answer.csv"]
        done = subprocess.run([mf, "query", *arguments], cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        answer = pd.read_csv(folder / "answer.csv", keep_default_na=False, na_values=[""])
        return answer.set_index([*group_by]).sort_index()

    return ask


def assert_same(answer: pd.Series, expected: pd.Series) -> None:
    assert len(expected)
    pd.testing.assert_series_equal(
        answer.astype(float), expected.astype(float).sort_index(), check_names=False, rtol=1e-9, check_index_type=False
    )


def test_revenue_and_what_an_order_brings_by_month(query: Query, finished_shop: Run):
    orders = finished_shop.query("from fct_order").astype({"net_amount": float})
    valid = orders[orders["is_valid"]]
    by_month = valid.groupby(valid["order_date"].dt.strftime("%Y-%m-01"))
    answer = query("orders,net_revenue,average_order_value", "metric_time__month")
    answer.index = answer.index.str[:10]
    assert_same(answer["orders"], by_month.size())
    assert_same(answer["net_revenue"], by_month["net_amount"].sum())
    assert_same(answer["average_order_value"], by_month["net_amount"].mean())


def test_retention_by_months_since(query: Query, finished_shop: Run):
    orders = finished_shop.query("from fct_order").astype({"net_amount": float})
    valid = orders[orders["is_valid"] & orders["customer_key"].notna()]
    valid = valid.assign(month=valid["order_date"].dt.year * 12 + valid["order_date"].dt.month)
    first = valid.groupby("customer_key")["month"].min()
    last_complete = finished_shop.as_of.year * 12 + finished_shop.as_of.month  # the shop's last day ends a month
    visits = valid[["customer_key", "month"]].drop_duplicates().join(first.rename("first"), on="customer_key")
    returned = (visits["month"] - visits["first"]).value_counts()
    possible = pd.Series(
        {since: (first + since <= last_complete).sum() for since in range(last_complete - first.min() + 1)}
    )
    answer = query("retention,returned_customers,cohort_customers", "cohort__months_since")
    assert_same(answer["cohort_customers"], possible)
    assert_same(answer["returned_customers"], returned.reindex(possible.index, fill_value=0))
    assert_same(answer["retention"], returned.reindex(possible.index, fill_value=0) / possible)


def test_segment_size_by_what_the_catalogue_says(query: Query, finished_shop: Run):
    members = finished_shop.query("from segment_membership")
    members["segment"] = members["segment"].str.partition(":")[0]
    catalogue = finished_shop.query("select segment, label, family from segment_catalog")
    joined = members.merge(catalogue, on="segment")
    answer = query("segment_size", "entry__family", "entry__label")
    assert_same(answer["segment_size"], joined.groupby(["family", "label"])["customer_key"].nunique())


def test_customers_and_revenue_at_risk_by_a_label(query: Query, finished_shop: Run):
    wide = finished_shop.query("select customer_key, support_tier from customer_segments")
    risk = finished_shop.query("select customer_key from seg_prediction where churn_risk_band = 'high'")
    stakes = finished_shop.query("select customer_key, value_at_stake from seg_lapsed")
    joined = stakes.merge(risk, on="customer_key").merge(wide, on="customer_key")
    answer = query("customers,revenue_at_risk", "customer__support_tier")
    assert_same(answer["customers"], wide.groupby("support_tier").size())
    assert_same(answer["revenue_at_risk"].dropna(), joined.groupby("support_tier")["value_at_stake"].sum())


def test_every_metric_is_asked_for_here():
    metrics = yaml.safe_load((SEMANTIC / "_metrics.yml").read_text())["metrics"]
    code = Path(__file__).read_text()
    assert [
        metric["name"] for metric in metrics if f'"{metric["name"]}' not in code and f",{metric['name']}" not in code
    ] == []


def test_every_label_is_a_dimension():
    models = yaml.safe_load((SEMANTIC / "_semantic_models.yml").read_text())["semantic_models"]
    (labels,) = (model for model in models if model["name"] == "customer_labels")
    assert [dimension["name"] for dimension in labels["dimensions"]] == [*load_labels(DBT_FOLDER)]


def test_the_metrics_name_published_tables_only(folder: Path, finished_shop: Run):
    manifest = json.loads((folder / "target" / "semantic_manifest.json").read_text())
    named = [*manifest["semantic_models"], *manifest["project_configuration"]["time_spines"]]
    published = json.loads((finished_shop.home.published / "manifest.json").read_text())["tables"]
    assert {described["node_relation"]["relation_name"] for described in named} <= {
        f"marts.main.{name}" for name in published
    }
