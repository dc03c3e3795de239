"""What readers open after a run: complete, described by its manifest, free of personal data.

How a publication is put in place does not belong here (tests/unit/test_publication.py).
"""

import hashlib
import json
import re
import sqlite3

import duckdb
import pytest

from dagster_project.publish.assets import DOCUMENTATION
from tests.integration.conftest import Run

PUBLISHED = {
    "cohort_retention",
    "cross_sell_rule",
    "customer_segments",
    "dim_category",
    "dim_customer",
    "dim_date",
    "dim_product",
    "experiment_result",
    "fct_browse_event",
    "fct_customer",
    "fct_declared_trait",
    "fct_favourite",
    "fct_order",
    "fct_order_line",
    "fct_referral",
    "fct_review",
    "fct_survey_response",
    "fct_ticket",
    "prediction_backtest",
    "prediction_run",
    "rfm_cut",
    "run_summary",
    "seg_category_affinity",
    "seg_cross_sell",
    "seg_engagement",
    "seg_lapsed",
    "seg_lifecycle",
    "seg_prediction",
    "seg_profile",
    "seg_recommendation",
    "seg_rfm",
    "seg_upsell",
    "seg_value",
    "segment_catalog",
    "segment_event",
    "segment_health",
    "segment_history",
    "segment_membership",
    "segment_overlap",
    "segment_performance",
    "segment_transition",
}


@pytest.fixture(scope="module")
def manifest(finished_shop: Run) -> dict:
    return json.loads((finished_shop.home.published / "manifest.json").read_text())


def test_every_promised_mart_is_there_as_table_and_as_parquet(finished_shop: Run, manifest: dict):
    tables = set(finished_shop.query("select table_name from duckdb_tables()")["table_name"])
    files = {path.stem for path in (finished_shop.home.published / "parquet").glob("*.parquet")}
    assert tables == files == set(manifest["tables"]) == PUBLISHED


def test_the_manifest_tells_rows_and_checksums(finished_shop: Run, manifest: dict):
    assert manifest["as_of_date"] == finished_shop.as_of.isoformat()
    for name, described in manifest["tables"].items():
        path = finished_shop.home.published / "parquet" / f"{name}.parquet"
        assert described["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()
        assert described["rows"] == finished_shop.query(f"select count(*) as n from {name}")["n"][0]
        assert described["rows"] == duckdb.sql(f"select count(*) from '{path}'").fetchone()[0]


def test_every_customer_has_one_wide_row_and_one_fact_row(finished_shop: Run):
    counts = finished_shop.query("""
        select
            (select count(*) from dim_customer) as customers,
            (select count(distinct customer_key) from fct_customer) as facts,
            (select count(distinct customer_key) from customer_segments) as wide
    """).iloc[0]
    assert counts["customers"] == counts["facts"] == counts["wide"] > 0


@pytest.fixture(scope="module")
def personal_values(finished_shop: Run) -> set[str]:
    """E-mails, phones and full names of the simulated people, normalised."""
    with sqlite3.connect(finished_shop.home.demo / "shop.sqlite") as shop:
        rows = shop.execute("select email, phone, first_name || ' ' || last_name from customers").fetchall()
        rows += shop.execute("select email, phone, null from orders").fetchall()
    values = {value.strip().lower() for row in rows for value in row if value and len(value.strip()) > 6}
    assert len(values) > 200
    return values


def test_no_personal_value_is_published(finished_shop: Run, personal_values: set[str]):
    for table in PUBLISHED:
        columns = finished_shop.query(f"describe {table}")
        for column in columns[columns["column_type"] == "VARCHAR"]["column_name"]:
            found = finished_shop.query(f"select distinct lower(trim({column})) as value from {table}")["value"]
            leaked = personal_values & set(found.dropna())
            assert not leaked, f"{table}.{column} holds {len(leaked)} personal values"


def test_the_report_names_nobody(finished_shop: Run, personal_values: set[str]):
    page = (finished_shop.home.published / "report.html").read_text(encoding="utf-8").lower()
    keys = set(finished_shop.query("select customer_key from dim_customer")["customer_key"])
    keys |= set(finished_shop.query("select order_key from fct_order")["order_key"])
    assert "vip" in page and len(keys) > 1000
    assert not [value for value in personal_values | keys if value.lower() in page]


def test_no_address_is_in_the_documentation(finished_shop: Run, personal_values: set[str]):
    page = (finished_shop.home.published / DOCUMENTATION).read_text().lower()
    assert not set(re.findall(r"[\w.+-]+@[\w.-]+|\+?\d[\d /-]{6,}\d", page)) & personal_values


def test_no_personal_value_is_in_logs_or_events(finished_shop: Run, personal_values: set[str]):
    logs = "".join(path.read_text() for path in (finished_shop.home.dbt / "logs").glob("*"))
    events = "".join(str(event) for event in finished_shop.result.all_events)
    said = (logs + events).lower()
    assert said
    assert not [value for value in personal_values if value in said]
