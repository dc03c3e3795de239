"""Planted faults and their outcomes: a faulty row goes to quarantine with its reason and the rest is published;
a faulty table stops the run at its gate and leaves the last publication standing.

What each gate expects in detail does not belong here (tests/unit/test_quality*.py).
"""

import json
import shutil
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from dagster_project.automation import RECOMPUTE
from dagster_project.transform.project import DBT_FOLDER
from tests.integration.conftest import Run, shop_database

# Row fault: (what is planted, entity, id column, the reason it must be quarantined with).
ROW_FAULTS = {
    "unknown status": (
        "update orders set status = 'teleported' where id = {order}",
        ("orders", "order_id", "{order}", "unknown_status"),
    ),
    "no order date": (
        "update orders set placed_at = null where id = {order}",
        ("orders", "order_id", "{order}", "missing_ordered_at"),
    ),
    "future date": (
        "update orders set placed_at = '2999-01-01T00:00:00' where id = {order}",
        ("orders", "order_id", "{order}", "future_ordered_at"),
    ),
    "negative price": (
        "update order_items set unit_price_cents = -100 where id = {item}",
        ("order_lines", "order_line_id", "{item}", "negative_unit_price"),
    ),
    "orphan line": (
        "update order_items set order_id = 99999999 where id = {item}",
        ("order_lines", "order_line_id", "{item}", "orphan"),
    ),
    "missing rate": (
        "update orders set currency_code = 'XTS' where id = {order}",
        ("orders", "order_id", "{order}", "no_rate"),
    ),
}


@pytest.fixture(scope="module")
def faulty_shop(run_source: Callable[..., Run], small_shop, tmp_path_factory, finished_shop: Run) -> tuple[Run, dict]:
    """One run of a shop with every row fault planted, each on a row of its own, and the ids it was planted on."""
    home = tmp_path_factory.mktemp("faulty") / "home"
    shutil.copytree(finished_shop.home.demo, home / "demo")
    planted = {}
    with shop_database(home) as shop:
        orders = shop.execute("""
            select orders.id, min(order_items.id) from orders
            inner join order_items on order_items.order_id = orders.id
            where orders.status = 'delivered' and orders.is_test = 0
            group by orders.id having count(*) = 1 order by orders.total_cents limit 20
        """).fetchall()
        for fault, (order, item) in zip([*ROW_FAULTS, "duplicate key"], orders, strict=False):
            planted[fault] = {"order": order, "item": item}
            if fault in ROW_FAULTS:
                shop.execute(ROW_FAULTS[fault][0].format(**planted[fault]))
        _repeat_order(shop, planted["duplicate key"]["order"])
    return run_source(**small_shop, as_of=finished_shop.as_of, home=home), planted


def _repeat_order(shop: sqlite3.Connection, order: int) -> None:
    """A second, different row of one order with the same id and the same age."""
    shop.execute("create table repeated as select * from orders")
    shop.execute("insert into repeated select * from (select * from orders where id = ?)", [order])
    shop.execute("update repeated set channel = 'fax' where rowid = (select max(rowid) from repeated)")
    shop.execute("drop table orders")
    shop.execute("alter table repeated rename to orders")


@pytest.mark.parametrize("fault", ROW_FAULTS)
def test_a_faulty_row_is_quarantined_with_its_reason(faulty_shop, fault: str):
    run, planted = faulty_shop
    entity, column, value, reason = ROW_FAULTS[fault][1]
    value = value.format(**planted[fault])
    quarantined = run.warehouse_query(f"select reject_reason from quarantine.{entity} where {column} = '{value}'")
    assert quarantined["reject_reason"].tolist() == [reason]
    assert run.warehouse_query(f"select 1 from contract.{entity} where {column} = '{value}'").empty


def test_lines_of_a_quarantined_order_follow_it(faulty_shop):
    run, planted = faulty_shop
    item = planted["unknown status"]["item"]
    reasons = run.warehouse_query(f"select reject_reason from quarantine.order_lines where order_line_id = '{item}'")
    assert reasons["reject_reason"].tolist() == ["parent_rejected"]


def test_of_two_rows_with_one_key_and_one_age_one_is_kept_and_one_quarantined(faulty_shop):
    run, planted = faulty_shop
    order = planted["duplicate key"]["order"]
    rows = run.warehouse_query(f"select outcome, reject_reason from contract.orders_rows where order_id = '{order}'")
    assert sorted(rows["outcome"]) == ["kept", "quarantined"]
    assert "duplicate_key" in set(rows["reject_reason"])


def test_the_rest_is_published(faulty_shop, finished_shop: Run):
    run, planted = faulty_shop
    lost = {planted[fault]["order"] for fault in ROW_FAULTS}
    whole = set(finished_shop.query("select order_id from fct_order")["order_id"])
    gone = {
        str(order)
        for order in lost
        if order not in {planted["negative price"]["order"], planted["orphan line"]["order"]}
    }
    assert set(run.query("select order_id from fct_order")["order_id"]) == whole - gone


def test_no_raw_row_is_lost(faulty_shop):
    run, _ = faulty_shop
    balance = run.warehouse_query(
        "select * from contract.raw_reconciliation where raw_rows <> contract_rows + quarantined_rows + superseded_rows"
    )
    assert balance.empty


AFTER_CORE = {
    "exchange__prediction",
    "exchange__prediction_backtest",
    "exchange__recommendation",
    "segment_stage",
    "published__snapshot",
    "published__marts",
}
TABLE_FAULTS = {
    "missing column": (["alter table orders drop column channel"], "check_raw_demo_shop", "channel"),
    "empty table": (["delete from order_items"], "check_raw_demo_shop", "still has rows"),
    "many rows quarantined": (
        [
            "update orders set updated_at = (select max(updated_at) from orders)",  # so that all of them land again
            "update orders set status = 'lost' where id % 20 = 0",
        ],
        "check_contract",
        "rows are quarantined",
    ),
    "much money quarantined": (
        [
            "update order_items set quantity = 100000, "
            "updated_at = (select max(updated_at) from order_items) where id = {item}",
            "update orders set status = 'lost', updated_at = (select max(updated_at) from orders) where id = {order}",
        ],
        "check_contract",
        "money is quarantined",
    ),
}


@pytest.mark.parametrize("fault", TABLE_FAULTS)
def test_a_faulty_table_stops_the_run_at_its_gate(fault: str, run_source, small_shop, finished_shop: Run, copy_home):
    home = copy_home(finished_shop)
    statements, gate, sentence = TABLE_FAULTS[fault]
    with shop_database(home) as shop:
        order, item = shop.execute(
            "select order_id, min(id) from order_items group by order_id order by order_id limit 1"
        ).fetchone()
        for statement in statements:
            shop.execute(statement.format(order=order, item=item))
    run = run_source(**small_shop, as_of=finished_shop.as_of, home=home, may_fail=True)
    _assert_stopped(run, gate, sentence, finished_shop)


def test_an_imbalance_stops_the_run_at_the_contract(run_source, small_shop, finished_shop: Run, copy_home, tmp_path):
    project = Path(shutil.copytree(DBT_FOLDER, tmp_path / "dbt"))
    model = project / "models" / "staging" / "demo_shop" / "stg_demo_shop__customers.sql"
    model.write_text(model.read_text().rstrip().removesuffix("final") + "final where customer_id not like '%1'\n")
    run = run_source(
        **small_shop,
        as_of=finished_shop.as_of,
        home=copy_home(finished_shop),
        dbt_folder=project,
        may_fail=True,
    )
    _assert_stopped(run, "check_contract", "every raw row is kept, quarantined or superseded", finished_shop)


def test_facts_that_contradict_each_other_are_not_predicted_from(
    run_source, small_shop, finished_shop: Run, copy_home, tmp_path
):
    project = Path(shutil.copytree(DBT_FOLDER, tmp_path / "dbt"))
    model = project / "models" / "core" / "as_of" / "fct_customer.sql"
    model.write_text(model.read_text().replace("coalesce(rhythm.occasions, 0)", "coalesce(rhythm.occasions + 1, 0)"))
    home, sentence = copy_home(finished_shop), "every customer has as many occasions as the customer facts count"
    run = run_source(**small_shop, as_of=finished_shop.as_of, home=home, dbt_folder=project, may_fail=True)
    _assert_stopped(run, "check_core", sentence, finished_shop)

    day_before = finished_shop.as_of - timedelta(days=1)
    days = {"since": day_before, "as_of": finished_shop.as_of}
    run = run_source(**small_shop, **days, home=home, job=RECOMPUTE, dbt_folder=project, may_fail=True)
    [failure] = run.failures().values()
    assert f"As of {day_before}: core/" in failure and sentence in failure
    assert not run.home.snapshot(day_before).exists()
    assert not AFTER_CORE & run.steps()


def _assert_stopped(run: Run, gate: str, sentence: str, before: Run) -> None:
    """The gate failed and said why, nothing after it ran, and readers still see the run before."""
    assert set(run.failures()) == {gate}
    assert any(sentence in said for said in run.failed_checks()), run.failed_checks()
    assert not (AFTER_CORE if gate == "check_core" else AFTER_CORE | {"core_stage", "as_of_stage"}) & run.steps()
    published = json.loads((run.home.published / "manifest.json").read_text())
    assert published["run_id"] == before.result.run_id
