"""Suites as files: what is read of them, and what is refused with one sentence that names the file."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import sqlglot
import yaml

from dagster_project.errors import WarehouseError
from dagster_project.quality.suites import EXPECTATIONS, SuiteError, expectation_types, load_suite, load_suites

ORDERS = {
    "name": "raw/shop/orders",
    "sentence": "What an order must look like.",
    "expectations": [
        {
            "type": "expect_column_values_to_not_be_null",
            "kwargs": {"column": "id", "mostly": 0.9},
            "meta": {"sentence": "orders have an id", "sample": ["id"]},
        },
        {
            "type": "unexpected_rows_expectation",
            "kwargs": {"unexpected_rows_query": "select id from {batch} where not regexp_matches(id, '^D[0-9]{6}$')"},
            "meta": {"sentence": "ids look like ids", "sample": ["id"]},
        },
    ],
}


def written(root: Path, content: object, name: str = "raw/shop/orders") -> Path:
    path = root / f"{name}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content), encoding="utf-8")
    return root


def changed(**entry: object) -> dict:
    """The suite with its first expectation changed."""
    return {**ORDERS, "expectations": [{**ORDERS["expectations"][0], **entry}]}


def test_a_suite_is_read_as_written(tmp_path):
    suite = load_suite("raw/shop/orders", written(tmp_path, ORDERS))

    assert (suite.name, suite.sentence) == ("raw/shop/orders", "What an order must look like.")
    assert [expectation.sentence for expectation in suite.expectations] == [
        "orders have an id",
        "ids look like ids",
    ]
    assert suite.expectations[0].kwargs == {"column": "id", "mostly": 0.9}
    assert suite.expectations[0].sample == ("id",)
    assert suite.expectations[0].columns == ("id",)


SUITES = [path.relative_to(EXPECTATIONS).with_suffix("").as_posix() for path in sorted(EXPECTATIONS.rglob("*.yml"))]


@pytest.mark.parametrize("name", SUITES)
def test_a_suite_knows_the_tables_that_its_queries_name(name):
    suite = load_suite(name)
    queries = [expectation.kwargs.get("unexpected_rows_query") for expectation in suite.expectations]
    parsed = [
        sqlglot.parse_one(re.sub(r"\{\w+(:[^}]*)?\}", "batch", query), dialect="duckdb") for query in queries if query
    ]
    named = {f"{table.db}.{table.name}" for query in parsed for table in query.find_all(sqlglot.exp.Table) if table.db}
    assert suite.tables == named


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name: [", "not valid YAML"),
        ({"name": "raw/shop/orders"}, "exactly the keys name, sentence and expectations"),
        (
            {**ORDERS, "name": "raw/shop/refunds"},
            "its name is raw/shop/refunds, its place says raw/shop/orders",
        ),
        ({**ORDERS, "expectations": []}, "at least one expectation"),
        (
            {**ORDERS, "expectations": ORDERS["expectations"][:1] * 2},
            "two expectations say: orders have an id",
        ),
        (changed(type="expect_miracles"), "expectation 1 has the unknown type expect_miracles"),
        (changed(severity="low"), "exactly the keys type, kwargs and meta"),
        (changed(kwargs=["id"]), "kwargs that are no mapping"),
        (changed(meta={"sample": ["id"]}), "other keys than sentence (always), sample and about"),
        (changed(meta={"sentence": "x", "about": "columns"}), "either rows or table"),
        (changed(meta={"sentence": "x", "sample": ["customer_email"]}), "would show customer_email"),
        (changed(meta={"sentence": "x", "sample": ["last_name"]}), "would show last_name"),
        (
            changed(type="unexpected_rows_expectation", kwargs={"unexpected_rows_query": "select 1"}),
            "expectation 1 selects no rows from {batch}",
        ),
    ],
)
def test_a_faulty_suite_is_refused_by_file_and_fault(tmp_path, content, said):
    with pytest.raises(SuiteError) as refused:
        load_suite("raw/shop/orders", written(tmp_path, content))

    assert str(refused.value).startswith(f"{tmp_path.name}/raw/shop/orders.yml: ")
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)
    assert isinstance(refused.value, WarehouseError)


def test_a_suite_for_a_table_that_does_not_exist_is_refused(tmp_path):
    written(tmp_path, ORDERS)

    assert list(load_suites("raw/shop", {"orders", "refunds"}, tmp_path)) == ["orders"]
    with pytest.raises(SuiteError, match=r"raw/shop/orders\.yml: there is no table orders \(tables: refunds\)"):
        load_suites("raw/shop", {"refunds"}, tmp_path)


def test_parameters_fill_sentences_and_values_and_keep_their_type(tmp_path):
    suite = load_suite(
        "raw/shop/orders",
        written(
            tmp_path,
            changed(
                kwargs={
                    "column": "share",
                    "max_value": "{limit}",
                    "value_set": ["{limit}", "at {limit:.1%}"],
                },
                meta={"sentence": "at most {limit:.0%}"},
            ),
        ),
    ).filled({"limit": 0.25})

    assert suite.expectations[0].kwargs == {
        "column": "share",
        "max_value": 0.25,
        "value_set": [0.25, "at 25.0%"],
    }
    assert suite.expectations[0].sentence == "at most 25%"


def test_a_parameter_that_is_not_set_is_named(tmp_path):
    suite = load_suite("raw/shop/orders", written(tmp_path, changed(kwargs={"column": "id", "max_value": "{limit}"})))

    with pytest.raises(SuiteError, match="raw/shop/orders: the parameter limit is not set"):
        suite.filled({"other": 1})


def test_a_batch_and_a_quantifier_are_no_parameters(tmp_path):
    suite = load_suite("raw/shop/orders", written(tmp_path, ORDERS))

    assert suite.filled({}) == suite


def test_types_are_those_that_great_expectations_knows():
    from great_expectations.expectations.registry import get_expectation_impl

    known = expectation_types() - {"expect_multicolumn_values_to_be_unique"}  # retired there

    assert len(known) > 50
    for name in known:
        assert get_expectation_impl(name)


def test_nothing_imports_great_expectations_before_a_gate_opens():
    code = "import sys; import dagster_project.quality.checks; print('great_expectations' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert told.stdout.strip() == "False"
