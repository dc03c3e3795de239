"""The engine on real DuckDB files with the real Great Expectations; expected counts are made with pandas."""

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from dagster_project.quality.engine import FEW, Gate, facts_batch, open_gate, parquet_batch, table_batch
from dagster_project.quality.results import ExpectationResult, SuiteResult, markdown
from dagster_project.quality.suites import Expectation, Suite, SuiteError
from dagster_project.warehouse import open_warehouse

ROWS = 2000
ORDERS = pd.DataFrame(
    {
        "id": [f"o{number}" for number in range(ROWS)],
        "number": range(ROWS),
        "email": [None if number % 500 == 7 else f"someone{number}@example.org" for number in range(ROWS)],
        "quantity": [-1 if number % 100 == 3 else number % 9 for number in range(ROWS)],
        "placed_on": pd.date_range("2024-01-01", periods=ROWS, freq="h"),
    }
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("engine") / "warehouse.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.register("frame", ORDERS)
        connection.execute("create schema contract")
        connection.execute("create table contract.orders as select * from frame")
        connection.execute("create table contract.nothing as select * from frame where false")
    return path


@pytest.fixture(scope="module")
def gate(warehouse) -> Iterator[Gate]:
    with open_gate(warehouse) as opened:
        yield opened


def expectation(type: str, sample: tuple[str, ...] = ("id",), about: str = "rows", **kwargs) -> Expectation:
    return Expectation(type, kwargs, "it is as it should be", sample, about)


def row_query(sql: str, sample: tuple[str, ...] = ("id",), about: str = "rows", **kwargs) -> Expectation:
    return expectation("unexpected_rows_expectation", sample, about, unexpected_rows_query=sql, **kwargs)


def outcome(gate: Gate, asked: Expectation, table: str = "orders") -> ExpectationResult:
    (result,) = gate.validate(table_batch("contract", table), Suite("contract/orders", "x", (asked,))).results
    return result


def test_a_failing_expectation_is_counted_and_sampled_as_pandas_does(gate):
    failing = ORDERS[ORDERS.quantity < 0]

    result = outcome(gate, expectation("expect_column_values_to_be_between", column="quantity", min_value=0))

    assert (result.success, result.rows, result.failing) == (False, ROWS, len(failing))
    assert result.samples == tuple(failing.id[:5])
    assert result.text == "it is as it should be (20 of 2,000 rows fail: o3, o103, o203, o303, o403, …)"


def test_a_row_query_is_counted_and_sampled_as_pandas_does(gate):
    failing = ORDERS[ORDERS.id.str.fullmatch(r"o1\d{2}")]

    result = outcome(gate, row_query("select id from {batch} where regexp_matches(id, '^o1[0-9]{2}$')"))

    assert (result.success, result.rows, result.failing) == (False, ROWS, len(failing))
    assert result.samples == tuple(failing.id[:5])


@pytest.mark.parametrize(
    "sql",
    [
        "select id from {batch} as a where a.number < 0;",
        "select a.id from {batch} a join {batch} b on a.id = b.id and b.number < 0",
        "with few as (select * from {batch} where number < 0) select id from few -- none",
        "select id from {batch} where regexp_matches(id, '^(?:x{2}|:y)$') or 'a:b' = id or number::int < 0",
        "select id from {batch} where {'a': number}.a < 0",
    ],
)
def test_the_author_of_a_row_query_writes_plain_sql(gate, sql):
    assert outcome(gate, row_query(sql)).success


def test_a_sentence_about_a_table_says_what_was_found(gate):
    sql = "select count(*) as rows, 5000 as customers from {batch} having count(*) <> 5000"

    result = outcome(gate, row_query(sql, ("customers", "rows"), about="table"))

    assert result.text == "it is as it should be (customers: 5,000, rows: 2,000)"


def test_an_aggregate_says_what_it_is(gate):
    result = outcome(gate, expectation("expect_column_max_to_be_between", column="number", max_value=10))

    assert result.text == "it is as it should be (it is 1,999)"


def test_missing_columns_of_a_set_are_named(gate):
    asked = expectation("expect_table_columns_to_match_set", column_set=["id", "status", "currency"], exact_match=False)

    assert outcome(gate, asked).text == "it is as it should be (missing: currency, status)"


@pytest.mark.parametrize(
    "asked",
    [
        expectation("expect_column_values_to_not_be_null", column="email"),
        expectation("expect_column_values_to_be_in_set", column="email", value_set=["x"]),
        expectation("expect_column_values_to_be_unique", column="email", mostly=1),
        expectation("expect_column_distinct_values_to_be_in_set", column="email", value_set=["x"]),
        expectation("expect_column_most_common_value_to_be_in_set", column="email", value_set=["x"]),
        row_query("select id, email from {batch} where email is not null"),
        row_query("select cast(email as int) as id from {batch}"),
        row_query("select id from {batch} where cast(email as date) > date '2024-01-01'"),
    ],
)
def test_nothing_of_a_person_is_shown(gate, asked):
    result = outcome(gate, asked)
    shown = result.text + markdown([SuiteResult("contract/orders", ROWS, (result,))])

    assert asked.type == "expect_column_values_to_be_unique" or not result.success
    assert "example.org" not in shown
    assert "someone" not in shown


@pytest.mark.parametrize(
    "asked",
    [
        expectation("expect_column_values_to_not_be_null", column="status"),
        expectation("expect_compound_columns_to_be_unique", column_list=["id", "status"]),
        expectation("expect_column_pair_values_to_be_equal", column_A="id", column_B="status"),
        row_query("select status from {batch}"),
    ],
)
def test_a_missing_column_is_one_sentence(gate, capfd, asked):
    assert outcome(gate, asked).text == "it is as it should be (column status is missing)"
    assert capfd.readouterr() == ("", "")


def test_a_missing_table_is_one_sentence(gate):
    result = gate.validate(
        table_batch("contract", "refunds"),
        Suite("contract/refunds", "x", (row_query("select id from {batch}"),)),
    )

    assert result.failures == ["contract/refunds: its rows can be read (table refunds is missing)"]


def test_what_cannot_be_computed_spoils_no_other_expectation(gate):
    asked = (
        expectation("expect_column_values_to_not_be_null", column="id"),
        row_query("select cast(email as int) from {batch}"),
        expectation("expect_column_values_to_be_between", column="id", min_value=1),
        expectation("expect_column_values_to_be_unique", column="number"),
    )
    suite = Suite("contract/orders", "x", asked)

    results = gate.validate(table_batch("contract", "orders"), suite).results

    assert [result.success for result in results] == [True, False, False, True]
    assert results[1].reason == "it cannot be computed: Conversion Error"
    assert gate.validate(table_batch("contract", "orders"), Suite("contract/orders", "x", asked[:1])).success


def test_wrong_arguments_name_suite_and_expectation(gate):
    with pytest.raises(SuiteError, match="contract/orders: “it is as it should be” has wrong kwargs"):
        outcome(gate, expectation("expect_column_values_to_be_between", column="number", smallest=1))


@pytest.mark.parametrize(
    ("mostly", "success"),
    [(0.98, True), (0.995, False)],
)
def test_mostly_allows_a_share_of_the_rows(gate, mostly, success):
    """20 of 2,000 rows, 1 %, are negative."""
    asked = expectation("expect_column_values_to_be_between", column="quantity", min_value=0, mostly=mostly)
    as_query = row_query("select id from {batch} where quantity < 0", mostly=mostly)

    assert outcome(gate, asked).success is success
    assert outcome(gate, as_query).success is success


@pytest.mark.parametrize(("failing", "success"), [(FEW, True), (FEW + 1, False)])
def test_a_few_rows_never_fail_what_is_said_of_most(gate, failing, success):
    asked = row_query(f"select id from {{batch}} where number < {failing}", mostly=0.9999)

    assert outcome(gate, asked).success is success
    assert not outcome(gate, row_query("select id from {batch} where number < 1")).success


def test_of_no_rows_everything_holds_that_is_said_of_values(gate):
    for asked in (
        expectation("expect_column_values_to_not_be_null", column="id"),
        expectation("expect_column_max_to_be_between", column="number", min_value=1),
        expectation("expect_column_proportion_of_non_null_values_to_be_between", column="id", min_value=1),
        row_query("select id from {batch}"),
    ):
        assert outcome(gate, asked, "nothing").success
    assert not outcome(gate, expectation("expect_table_row_count_to_be_between", min_value=1), "nothing").success


def test_parquet_files_with_other_columns_are_one_batch(tmp_path):
    files = [tmp_path / "it's one.parquet", tmp_path / "two.parquet"]
    ORDERS[["id", "number"]].to_parquet(files[0])
    ORDERS[["id", "quantity"]].to_parquet(files[1])
    asked = (
        expectation("expect_column_values_to_not_be_null", column="number"),
        expectation("expect_column_values_to_not_be_null", column="quantity"),
    )

    with open_gate() as opened:
        result = opened.validate(parquet_batch("raw/shop/orders", files), Suite("raw/shop/orders", "x", asked))

    assert result.rows == 2 * ROWS
    assert [each.failing for each in result.results] == [ROWS, ROWS]


def test_facts_are_a_batch_of_one_row():
    asked = row_query("select 1 from {batch} where note <> 'it''s' or not ok or rows <> 3", ())

    with open_gate() as opened:
        result = opened.validate(
            facts_batch("raw/shop/orders", {"note": "it's", "ok": True, "rows": 3}), Suite("x", "x", (asked,))
        )

    assert (result.rows, result.success) == (1, True)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_gate_without_a_database_uses_as_much_as_the_settings_say(monkeypatch, threads):
    monkeypatch.setenv("WAREHOUSE_MEMORY_MB", "1024")
    monkeypatch.setenv("WAREHOUSE_THREADS", str(threads))
    used = "(current_setting('threads'), current_setting('memory_limit'))"
    asked = row_query(f"select 1 from {{batch}} where {used} <> ({threads}, '976.5 MiB')", ())

    with open_gate() as opened:
        result = opened.validate(facts_batch("raw/shop/orders", {"rows": 3}), Suite("x", "x", (asked,)))

    assert result.success


def test_great_expectations_fails_on_duckdb_without_the_mend(warehouse, monkeypatch):
    from duckdb_engine import ConnectionWrapper

    from dagster_project.quality import gx_on_duckdb

    asked = (
        expectation("expect_column_values_to_not_be_null", column="id"),
        row_query("select 1 where false"),
    )
    suite = Suite("contract/orders", "x", asked)
    with monkeypatch.context() as unmended:
        unmended.setattr(gx_on_duckdb, "ReadingConnection", ConnectionWrapper)
        with open_gate(warehouse) as opened:
            results = opened.validate(table_batch("contract", "orders"), suite).results
    assert {result.reason for result in results} == {"it cannot be computed"}

    with open_gate(warehouse) as opened:
        assert opened.validate(table_batch("contract", "orders"), suite).success


@pytest.fixture
def own_warehouse(warehouse, tmp_path) -> Path:
    """A copy that no other gate has open."""
    return Path(shutil.copy(warehouse, tmp_path / "warehouse.duckdb"))


def test_the_database_is_free_after_a_gate(own_warehouse):
    """Others open the file in the same process; DuckDB refuses one that is configured otherwise while it is open."""
    asked = Suite("contract/orders", "x", (expectation("expect_column_values_to_not_be_null", column="id"),))
    for number in range(3):
        with open_gate(own_warehouse) as opened:
            opened.validate(table_batch("contract", "orders"), asked)
            open_warehouse(own_warehouse).close()
        with duckdb.connect(str(own_warehouse), config={"threads": number + 1}) as writer:
            writer.execute("create or replace table contract.written as select 1 as one")
            views = writer.execute("select view_name from duckdb_views() where not internal").fetchall()
            assert not views


def test_the_database_is_free_after_a_gate_that_broke(own_warehouse):
    with pytest.raises(ZeroDivisionError), open_gate(own_warehouse):
        raise ZeroDivisionError
    duckdb.connect(str(own_warehouse), config={"threads": 1}).close()


def test_a_gate_prints_nothing_and_needs_no_network(warehouse, capfd, monkeypatch):
    def refused(*_args: object) -> None:
        raise AssertionError("a gate reached for the network")

    monkeypatch.setattr(socket.socket, "connect", refused)
    monkeypatch.setattr(socket, "getaddrinfo", refused)

    with open_gate(warehouse) as opened:
        assert outcome(opened, expectation("expect_column_values_to_not_be_null", column="id")).success
        assert not outcome(opened, expectation("expect_column_values_to_be_unique", column="quantity")).success

    assert capfd.readouterr() == ("", "")
