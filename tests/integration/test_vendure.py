"""A Vendure shop in a real PostgreSQL: what becomes of each kind of row, before and after a week of changes.

Belongs here: what must come of the shop in vendure_shop.py, where the arithmetic of its amounts stands too.
Does not belong here: what holds for any source.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from vendure_shop import change, plant

from tests.integration.conftest import Run
from tests.integration.platform_runs import published, rows, run_twice

pytestmark = pytest.mark.data

D = Decimal


@pytest.fixture(scope="module")
def runs(run_source: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Run]]:
    later = tmp_path_factory.mktemp("later")
    with run_twice(run_source, "my_vendure", "2026-03-31", "postgresql", plant, change, later) as both:
        yield both


@pytest.fixture(scope="module")
def run(runs: tuple[Run, Run]) -> Run:
    return runs[0]


@pytest.fixture(scope="module")
def later(runs: tuple[Run, Run]) -> Run:
    return runs[1]


def test_an_order_has_its_money_times_and_places(run):
    order = """
        select customer_id, phone, ordered_at, paid_at, delivered_at, status, currency, coupon_code, country, region,
            city, discount_amount, shipping_amount, tax_amount, total_amount, is_deleted
        from contract.orders where order_id = '1'
    """
    # Tax: 225.87 - 189.81 + 5.95 - 5.00. Total: 225.87 + 5.95.
    assert rows(run, order) == [
        (
            "1", "+43 1 234", datetime(2026, 3, 1, 23, 30), datetime(2026, 3, 1, 23, 30, 5), datetime(2026, 3, 5, 10),
            "paid", "EUR", "SPRING", "AT", None, "Graz", D("31"), D("5"), D("37.01"), D("231.82"), False,
        )
    ]  # fmt: skip
    # 23:30 UTC on 1 March is 2 March in Berlin.
    assert published(run, "select order_date from fct_order where order_id = '1'") == [(date(2026, 3, 2),)]


def test_every_state_has_its_word_and_only_placed_orders_are_orders(run):
    assert dict(rows(run, "select order_id, status from contract.orders_rows")) == {
        "1": "paid",
        "2": "fulfilled",
        "3": "cancelled",
        "4": "fulfilled",
        "5": "fulfilled",
        "8": "paid",
        "9": "paid",
        "10": "OnHold",
        "11": "pending",
        "12": "pending",
    }


def test_yen_have_two_decimals_and_are_set_aside_without_a_rate_like_unknown_states_and_parts_of_sellers(run):
    assert rows(run, "select order_id, currency, total_amount, reject_reason from quarantine.orders order by 1") == [
        ("10", "EUR", D("23.80"), "unknown_status"),
        ("8", "JPY", D("4299"), "no_rate"),
        ("9", "EUR", D("23.80"), "seller_order"),
    ]
    assert rows(run, "select order_line_id, reject_reason from quarantine.order_lines order by 1") == [
        ("20", "parent_rejected"),
        ("21", "parent_rejected"),
        ("22", "parent_rejected"),
    ]


def test_lines_are_hundredths_without_tax_with_every_discount_in_them(run):
    lines = """
        select
            order_line_id, product_id, sku, title, quantity, gross_amount, discount_amount, tax_amount, is_merchandise
        from contract.order_lines where order_id in ('1', '2') order by order_line_id
    """
    assert rows(run, lines) == [
        ("1", "1", "CHAIR-R", "Stuhl", 2, D("200"), D("30"), D("32.30"), True),
        ("2", "2", "LAMP", "Lampe", 1, D("20"), D("1"), D("3.61"), True),
        ("3", "1", "CHAIR-B", "Stuhl", 3, D("300"), D("10"), D("25.74"), True),
        ("surcharge-1", None, None, "Gift wrap", 1, D("2"), D("0"), None, False),
        ("surcharge-2", None, None, "Apology", 1, D("0"), D("1.19"), None, False),
    ]


def test_a_cancelled_order_was_what_was_bought_until_it_was_cancelled(run):
    assert rows(run, "select cancelled_at from contract.orders where order_id = '3'") == [
        (datetime(2026, 3, 5, 23, 30),)
    ]
    assert rows(run, "select quantity, gross_amount from contract.order_lines where order_id = '3'") == [(2, D("40"))]
    orders = "select order_date, invalid_from, units, net_amount from fct_order where order_id = '3'"
    assert published(run, orders) == [(date(2026, 3, 3), date(2026, 3, 6), 2, D("40"))]


def test_every_record_of_a_mixed_table_is_accounted_for(run):
    counts = rows(run, "select raw_table, raw_rows, contract_rows, quarantined_rows from contract.raw_reconciliation")
    assert {name.removeprefix("shop/"): tuple(more) for name, *more in counts} == {
        "customer": (3, 3, 0),
        "order": (13, 10, 3),
        "order_line": (16, 13, 3),
        "refund": (5, 5, 0),
        "order_line_reference": (2, 2, 0),  # the refunded ones of three
        "product": (3, 3, 0),
        "collection": (2, 2, 0),  # without the root
    }


def test_refunds_with_and_without_lines_pay_back_merchandise_and_the_rest(run):
    refunds = """
        select refund_id, order_id, order_line_id, quantity, amount, other_amount, refunded_at
        from contract.refunds order by 1
    """
    made = datetime(2026, 3, 10, 10)
    assert rows(run, refunds) == [
        ("line-1", "4", "5", 1, D("100"), D("19"), made),
        ("line-2", "5", "7", 1, D("10"), D("1.90"), made),
        ("rest-1", "4", None, None, D("0"), D("5.95"), made),
        ("rest-2", "4", None, None, D("5"), D("0.95"), datetime(2026, 3, 11, 23, 15)),
        ("rest-3", "4", None, None, D("0"), D("0"), made),
        ("rest-4", "4", None, None, D("0"), D("0"), made),
        ("rest-5", "5", None, None, D("0"), D("0"), made),
    ]


def test_customers_guests_included_have_their_default_address(run):
    customers = """
        select customer_id, email, phone, first_name, country, city, created_at, is_deleted
        from contract.customers order by 1
    """
    created = datetime(2026, 1, 2, 9)
    assert rows(run, customers) == [
        ("1", "anna@example.com", "+49 30 1234567", "Anna", "DE", "Berlin", created, False),
        ("2", "gustav@example.com", None, "Gustav", None, None, created, False),
        ("3", "gone@example.com", None, "Gone", None, None, created, True),
    ]


def test_a_product_takes_its_variants_together_and_the_lowest_collection(run):
    products = """
        select product_id, sku, title, category_id, price, stock_quantity, is_active, is_deleted
        from contract.products order by 1
    """
    assert rows(run, products) == [
        ("1", "CHAIR-B", "Stuhl", "3", D("119"), 12, True, False),
        ("2", "LAMP", "Lampe", "2", D("23.80"), None, True, False),
        ("3", "OLD", "Old one", None, None, None, True, True),
    ]
    assert rows(run, "select category_id, name, parent_category_id from contract.categories order by 1") == [
        ("2", "Möbel", None),
        ("3", "Stühle", "2"),
    ]


def test_orders_that_are_not_placed_are_carts_with_both_colours_in_them(run):
    carts = """
        select checkout_id, customer_id, started_at, value from contract.checkouts
        where completed_order_id is null order by 1
    """
    begun = datetime(2026, 3, 1, 8)
    assert rows(run, carts) == [("13", "2", begun, D("0")), ("6", None, begun, D("210")), ("7", "1", begun, D("120"))]
    lines = "select checkout_id, product_id, quantity, unit_price from contract.checkout_lines order by 1, 4"
    assert rows(run, lines) == [
        ("6", "1", 1, D("100")),
        ("6", "1", 1, D("110")),
        ("7", "2", 1, D("20")),
        ("7", "1", 1, D("100")),
    ]


def test_published_orders_have_their_refunds(run):
    orders = """
        select order_id, order_date, invalid_from, units, gross_amount, discount_amount, refund_amount, net_amount
        from fct_order where order_id in ('1', '2', '4', '5', '11') order by cast(order_id as int)
    """
    assert published(run, orders) == [
        ("1", date(2026, 3, 2), None, 3, D("220"), D("31"), D("0"), D("189")),
        ("2", date(2026, 3, 2), None, 3, D("300"), D("10"), D("0"), D("290")),
        ("4", date(2026, 3, 4), None, 3, D("220"), D("0"), D("105"), D("115")),
        ("5", date(2026, 3, 4), None, 2, D("40"), D("0"), D("10"), D("30")),
        ("11", date(2026, 3, 6), None, 1, D("20"), D("0"), D("0"), D("20")),
    ]


def test_published_facts_of_the_customers(run):
    measures = "orders, units, gross_revenue, discount_amount, refund_amount, net_revenue"
    assert sorted(published(run, f"select {measures} from fct_customer")) == [
        (0, 0, D("0"), D("0"), D("0"), D("0")),  # who has an account and bought nothing
        (3, 5, D("340"), D("10"), D("0"), D("330")),  # the guest: 2, 11 and 12
        (3, 8, D("480"), D("31"), D("115"), D("334")),  # Anna: 1, 4 and 5
    ]


def test_a_changed_state_is_seen_though_the_order_is_old(later):
    versions = "select status, ordered_at, outcome from contract.orders_rows where order_id = '11' order by updated_at"
    placed = datetime(2026, 3, 6, 12)
    assert rows(later, versions) == [("pending", placed, "superseded"), ("paid", placed, "kept")]


def test_a_refund_counts_from_when_it_is_settled(later):
    refunds = "select amount + other_amount, refunded_at from contract.refunds where refund_id = 'rest-3'"
    assert rows(later, refunds) == [(D("11.90"), datetime(2026, 3, 21, 10))]


def test_a_cart_becomes_the_order_with_the_lines_that_it_has_at_last(later):
    carts = "select completed_order_id, value from contract.checkouts where checkout_id = '7'"
    assert rows(later, carts) == [("7", D("20"))]
    lines = "select order_line_id, is_deleted from contract.order_lines where order_id = '7' order by 1"
    assert rows(later, lines) == [("10", False), ("11", True)]
    orders = "select order_date, units, net_amount from fct_order where order_id = '7'"
    assert published(later, orders) == [(date(2026, 3, 21), 1, D("20"))]
