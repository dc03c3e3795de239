"""Money to the cent: orders planted in the simulated shop, computed here by hand, as of days before and after.

Every figure stands here with the arithmetic that gave it; no code of the project takes part. Does not belong here:
what holds for all orders together (test_online_retail.py, test_complete_journey.py).
"""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from demo_planting import Item, insert, plant_customer, plant_order, plant_refund

from dagster_project.automation import RECOMPUTE
from tests.integration.conftest import Run, shop_database

BEFORE = date(2026, 3, 1)  # every planted order is placed, nothing is cancelled, one of two orders has its refund
D = Decimal

# Goods of the simulated assortment, and the gift wrap, which is no merchandise.
ESPRESSO, MUG, TOWEL, WRAP = 30, 40, 50, 10
SWISS, TAX_DE = 810, 1900

# One order with everything: 900001, placed on 10 February at 23:30 UTC, which is 11 February in the shop's Berlin.
# CHF 1 is EUR 1.0437 on that day and less on the days around it.
RATE = "1.0437"
EVERYTHING = [
    # id, variant, quantity, unit price incl. tax       incl. tax   without tax
    Item(9000011, ESPRESSO, 3, 1995, SWISS),  #     3 x 19.95 =  59.85   / 1.081 =  55.3654 →  55.37
    Item(9000012, WRAP, 1, 400, SWISS),  #          1 x  4.00 =   4.00   / 1.081 =   3.7003 →   3.70
    Item(9000013, MUG, 1, 12900, SWISS),  #         1 x 129.00 = 129.00  / 1.081 = 119.3339 → 119.33
    Item(9000014, TOWEL, 2, 850, 260),  #           2 x  8.50 =  17.00   / 1.026 =  16.5692 →  16.57
]
SALE_CENTS = 585  # on the espresso line, which leaves 54.00 of it
COUPON_CENTS = 2250  # on the order: spread by value over 54.00 + 4.00 + 129.00 + 17.00 = 204.00
#   espresso 22.50 x 54/204  =  5.9559 →  5.96, with the sale 11.81;  / 1.081 = 10.9251 → 10.93 without tax
#   wrap     22.50 x 4/204   =  0.4412 →  0.44;                       / 1.081 =  0.4070 →  0.41
#   mug      22.50 x 129/204 = 14.2279 → 14.23;                       / 1.081 = 13.1637 → 13.16
#   towel    the last line takes what remains: 22.50 - 20.63 = 1.87 (its share is 1.875); / 1.026 = 1.8226 → 1.82
# Paid: espresso 48.04, wrap 3.56, mug 114.77, towel 15.13, shipping 9.90 (9.16 without tax) = 191.40;
# the tax in it: 48.04 - 44.44 + 3.56 - 3.29 + 114.77 - 106.17 + 15.13 - 14.75 + 0.74 = 13.59.
ORDER_MONEY = {
    "discount_cents": SALE_CENTS + COUPON_CENTS,
    "discount_tax_cents": 203,  # 28.35 - (10.93 + 0.41 + 13.16 + 1.82)
    "shipping_cents": 990,
    "shipping_tax_cents": 74,
    "tax_cents": 1359,
    "total_cents": 19140,
}
# First refund, 2 March: one of the three espressos, 48.04 / 3 = 16.01, without tax 44.44 / 3 = 14.81; and shipping.
# Second, 12 March 23:15 UTC, which is 13 March in Berlin: 10 % goodwill without a line, 177.94 x 0.1 = 17.79, without
# tax 165.36 x 0.1 = 16.54. It is spread over the goods by their net value 44.44 + 106.17 + 14.75 = 165.36:
#   espresso 16.54 x 44.44/165.36 = 4.4451 → 4.45;  mug 16.54 x 106.17/165.36 = 10.6195 → 10.62;
#   towel, the last: 16.54 - 15.07 = 1.47 (its share is 1.4753)
COLUMNS = ["order_line_id", "gross_amount", "discount_amount", "refund_amount", "net_amount", "is_merchandise"]
LINES = [
    # EUR = CHF x 1.0437
    #   gross: 55.37 → 57.7897, 119.33 → 124.5447, 16.57 → 17.2941, 3.70 → 3.8617
    #   discount: 10.93 → 11.4076, 13.16 → 13.7351, 1.82 → 1.8995, 0.41 → 0.4279
    #   refund: 14.81 → 15.4572 and 4.45 → 4.6445; 10.62 → 11.0841; 1.47 → 1.5342
    ("9000011", D("57.7897"), D("11.4076"), D("20.1017"), D("26.2804"), True),
    ("9000012", D("3.8617"), D("0.4279"), D("0"), D("3.4338"), False),
    ("9000013", D("124.5447"), D("13.7351"), D("11.0841"), D("99.7255"), True),
    ("9000014", D("17.2941"), D("1.8995"), D("1.5342"), D("13.8604"), True),
]
GROSS = D("199.6285")  # 57.7897 + 124.5447 + 17.2941: merchandise only
DISCOUNT = D("27.0422")  # 11.4076 + 13.7351 + 1.8995
FIRST_REFUND = D("15.4572")
SECOND_REFUND = D("17.2628")  # 4.6445 + 11.0841 + 1.5342
NET_BEFORE = D("172.5863")  # 199.6285 - 27.0422
NET_AFTER = D("139.8663")  # 172.5863 - 15.4572 - 17.2628


@dataclass(frozen=True)
class Runs:
    """The planted shop after its last day; fct_customer by key as of BEFORE and as of that day (`after`)."""

    run: Run
    before: dict[str, dict]
    after: dict[str, dict]

    def published(self, sql: str) -> list[dict]:
        return _exact(self.run.home.published / "marts.duckdb", sql)

    def warehouse(self, sql: str) -> list[dict]:
        return _exact(self.run.home.warehouse, sql)

    def customer_of(self, order_id: int) -> str:
        return self.published(f"select customer_key from fct_order where order_id = '{order_id}'")[0]["customer_key"]

    def facts(self, order_id: int) -> tuple[dict, dict]:
        """fct_customer of the buyer of an order, as of BEFORE and as of the last day."""
        key = self.customer_of(order_id)
        return self.before[key], self.after[key]

    def daily(self, order_id: int, *measures: str) -> list[tuple]:
        """The daily facts of the buyer of an order: order date, effective date, measures."""
        rows = self.warehouse(f"""
            select cast(order_date as varchar), cast(effective_date as varchar), {", ".join(measures)}
            from core.fct_customer_daily where customer_key = '{self.customer_of(order_id)}' order by all
        """)
        return [tuple(row.values()) for row in rows]


def _exact(database: Path, sql: str) -> list[dict]:
    """Rows with money as decimals; a data frame would make floats of it."""
    with duckdb.connect(str(database), read_only=True) as connection:
        cursor = connection.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


@pytest.fixture(scope="module")
def runs(run_source: Callable[..., Run], small_shop, finished_shop: Run, tmp_path_factory) -> Runs:
    """One run as of the shop's last day, then recomputed as of BEFORE."""
    home = tmp_path_factory.mktemp("money") / "home"
    shutil.copytree(finished_shop.home.demo, home / "demo")
    with shop_database(home) as shop:
        _plant_everything(shop)
        _plant_cancelled(shop)
        _plant_wrap_refund(shop)
    run = run_source(**small_shop, as_of=finished_shop.as_of, home=home)
    run_source(**small_shop, as_of=BEFORE, home=home, job=RECOMPUTE)
    return Runs(
        run,
        before={row["customer_key"]: row for row in _exact(home / "warehouse.duckdb", "from core.fct_customer")},
        after={row["customer_key"]: row for row in _exact(run.home.published / "marts.duckdb", "from fct_customer")},
    )


def _plant_everything(shop) -> None:
    plant_customer(shop, 900001, "everything@example.com", "2026-02-10 20:00:00")
    shop.execute(
        "update exchange_rates set rate_to_main = ? where currency_code = 'CHF' and rate_on = '2026-02-11'", [RATE]
    )
    plant_order(
        shop,
        900001,
        "2026-02-10 23:30:00",
        EVERYTHING,
        customer_id=900001,
        currency_code="CHF",
        status="partly_returned",
        **ORDER_MONEY,
    )
    common = {"order_id": 900001, "created_at": "2026-02-10 23:30:00", "updated_at": "2026-02-10 23:30:00"}
    insert(shop, "order_adjustments", id=9000011, order_item_id=9000011, kind="sale", amount_cents=585, **common)
    insert(shop, "order_adjustments", id=9000012, kind="coupon", amount_cents=2250, **common)
    one_espresso = {
        "order_item_id": 9000011,
        "kind": "item",
        "quantity": 1,
        "amount_cents": 1601,
        "tax_cents": 120,
    }
    shipping = {"kind": "shipping", "amount_cents": 990, "tax_cents": 74}
    plant_refund(shop, 90001, 900001, "2026-03-02 10:00:00", [one_espresso, shipping])
    goodwill = {"kind": "goodwill", "amount_cents": 1779, "tax_cents": 125}
    plant_refund(shop, 90002, 900001, "2026-03-12 23:15:00", [goodwill])


def _plant_cancelled(shop) -> None:
    """2 x 59.50 EUR with 19 % tax are 100.00 without; 35.70 refunded are 30.00 without, 83.30 are 70.00."""
    for customer, order, cancelled_at in [(900002, 900002, "2026-03-10 12:00:00"), (900003, 900003, None)]:
        plant_customer(shop, customer, f"cancelled{customer}@example.com", "2026-02-01 08:00:00")
        plant_order(
            shop,
            order,
            "2026-02-03 09:00:00",
            [Item(10 * order + 1, MUG, 2, 5950, TAX_DE)],
            customer_id=customer,
            status="cancelled",
            cancelled_at=cancelled_at,
        )
    item = {"order_item_id": 9000021, "kind": "item", "quantity": 1}
    plant_refund(shop, 90003, 900002, "2026-02-20 10:00:00", [{**item, "amount_cents": 3570, "tax_cents": 570}])
    plant_refund(shop, 90004, 900002, "2026-03-12 10:00:00", [{**item, "amount_cents": 8330, "tax_cents": 1330}])
    unknown = {"order_item_id": 9000031, "kind": "item", "quantity": 1, "amount_cents": 3570, "tax_cents": 570}
    plant_refund(shop, 90005, 900003, "2026-02-20 10:00:00", [unknown])


def _plant_wrap_refund(shop) -> None:
    """11.90 EUR of goods, 10.00 without tax, and a gift wrap for 4.76, which is refunded whole."""
    plant_customer(shop, 900004, "wrap@example.com", "2026-02-01 08:00:00")
    lines = [Item(9000041, MUG, 1, 1190, TAX_DE), Item(9000042, WRAP, 1, 476, TAX_DE)]
    plant_order(shop, 900004, "2026-02-03 09:00:00", lines, customer_id=900004, status="partly_returned")
    wrap = {"order_item_id": 9000042, "kind": "item", "quantity": 1, "amount_cents": 476, "tax_cents": 76}
    plant_refund(shop, 90006, 900004, "2026-02-10 10:00:00", [wrap])


def _of(row: dict, *names: str) -> list:
    return [row[name] for name in names]


MONEY = ["gross_amount", "discount_amount", "refund_amount", "net_amount"]
REVENUE = ["gross_revenue", "discount_amount", "refund_amount", "net_revenue"]


def test_every_line_to_the_cent(runs: Runs):
    lines = runs.published(
        f"select {', '.join(COLUMNS)} from fct_order_line where order_id = '900001' order by order_line_id"
    )
    assert [tuple(line.values()) for line in lines] == LINES


def test_the_order_is_the_sum_of_its_merchandise(runs: Runs):
    (order,) = runs.published("select * from fct_order where order_id = '900001'")
    assert _of(order, *MONEY) == [GROSS, DISCOUNT, FIRST_REFUND + SECOND_REFUND, NET_AFTER]
    # 9.16 x 1.0437, 13.59 x 1.0437, 191.40 x 1.0437: known, and no part of revenue
    assert _of(order, "shipping_amount", "tax_amount", "total_amount") == [D("9.5603"), D("14.1839"), D("199.7642")]
    assert _of(order, "order_date", "units", "lines", "is_valid") == [date(2026, 2, 11), 6, 3, True]


def test_the_customer_before_the_refunds(runs: Runs):
    before, _ = runs.facts(900001)
    assert _of(before, "orders", "occasions", "units") == [1, 1, 6]
    assert _of(before, *REVENUE) == [GROSS, DISCOUNT, 0, NET_BEFORE]
    # 11 February to 1 March are 18 days
    assert _of(before, "days_since_last_order", "net_revenue_30d", "net_revenue_365d") == [18, NET_BEFORE, NET_BEFORE]
    assert _of(before, "average_order_value", "discounted_order_share", "refund_rate") == [NET_BEFORE, 1, 0]


def test_the_customer_after_the_refunds(runs: Runs):
    _, after = runs.facts(900001)
    assert _of(after, "orders", "occasions", "units") == [1, 1, 6]
    assert _of(after, *REVENUE) == [GROSS, DISCOUNT, FIRST_REFUND + SECOND_REFUND, NET_AFTER]
    # 11 February to 31 March are 48 days: outside 30, within 90
    assert _of(after, "days_since_last_order", "net_revenue_30d", "net_revenue_90d") == [48, 0, NET_AFTER]
    # 32.7200 / 172.5863 = 0.1895863…
    assert _of(after, "average_order_value", "refund_rate") == [NET_AFTER, D("0.189586311")]


def test_each_event_posts_on_its_own_day(runs: Runs):
    assert runs.daily(900001, "orders", "discounted_orders", "units", *MONEY) == [
        ("2026-02-11", "2026-02-11", 1, 1, 6, GROSS, DISCOUNT, 0, NET_BEFORE),
        ("2026-02-11", "2026-03-02", 0, 0, 0, 0, 0, FIRST_REFUND, -FIRST_REFUND),
        ("2026-02-11", "2026-03-13", 0, 0, 0, 0, 0, SECOND_REFUND, -SECOND_REFUND),
    ]


def test_each_product_gets_its_part(runs: Runs):
    products = runs.warehouse(f"""
        select sum(gross_amount), sum(discount_amount), sum(refund_amount), sum(net_amount)
        from core.fct_customer_product_daily where customer_key = '{runs.customer_of(900001)}'
        group by product_key
    """)
    assert sorted(tuple(row.values()) for row in products) == sorted(line[1:5] for line in LINES if line[5])


def test_a_cancelled_order_counts_until_its_cancellation(runs: Runs):
    before, after = runs.facts(900002)
    assert _of(before, "orders", "occasions", "units", *REVENUE) == [1, 1, 2, 100, 0, 30, 70]
    assert _of(after, "orders", "occasions", "units", *REVENUE) == [0, 0, 0, 0, 0, 0, 0]
    assert after["last_order_date"] is None


def test_a_cancellation_posts_the_negative_of_all_that_had_posted(runs: Runs):
    """The refund of 12 March comes after the cancellation and changes nothing."""
    assert runs.daily(900002, "orders", "units", *MONEY) == [
        ("2026-02-03", "2026-02-03", 1, 2, 100, 0, 0, 100),
        ("2026-02-03", "2026-02-20", 0, 0, 0, 0, 30, -30),
        ("2026-02-03", "2026-03-10", -1, -2, -100, 0, -30, -70),
    ]


def test_a_cancelled_order_without_a_time_never_posts(runs: Runs):
    for facts in runs.facts(900003):
        assert _of(facts, "orders", "units", *REVENUE) == [0, 0, 0, 0, 0, 0]
    assert runs.daily(900003, "orders") == []


def test_a_refund_of_no_merchandise_leaves_revenue_alone(runs: Runs):
    _, after = runs.facts(900004)
    assert _of(after, *REVENUE) == [10, 0, 0, 10]
    lines = runs.published("select refund_amount from fct_order_line where order_id = '900004'")
    assert [line["refund_amount"] for line in lines] == [0, 0]
    (refund,) = runs.warehouse("select refund_amount, other_amount from core.fct_refund where refund_id = '900061'")
    assert _of(refund, "refund_amount", "other_amount") == [0, D("4.76")]
