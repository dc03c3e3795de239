"""A WooCommerce shop in a real MariaDB: what becomes of each kind of row, before and after a week of changes.

Belongs here: what must come of the shop in woocommerce_shop.py, where the arithmetic of its amounts stands too.
Does not belong here: what holds for any source.
"""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal

import pytest
from woocommerce_planting import ANNA, BEN
from woocommerce_shop import change, plant

from tests.integration.conftest import Run
from tests.integration.platform_runs import published, rows, run_twice

pytestmark = pytest.mark.data

D = Decimal


@pytest.fixture(scope="module")
def runs(run_source: Callable[..., Run], tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Run, Run]]:
    later = tmp_path_factory.mktemp("later")
    with run_twice(run_source, "my_woocommerce", "2026-03-31", "mariadb", plant, change, later) as both:
        yield both


@pytest.fixture(scope="module")
def run(runs: tuple[Run, Run]) -> Run:
    return runs[0]


@pytest.fixture(scope="module")
def later(runs: tuple[Run, Run]) -> Run:
    return runs[1]


def test_an_order_has_its_money_times_and_places(run):
    query = """
        select customer_id, email, phone, ordered_at, paid_at, status, currency, coupon_code, channel, device, country,
            region, city, discount_amount, shipping_amount, tax_amount, total_amount, is_deleted
        from contract.orders where order_id = '1001'
    """
    assert rows(run, query) == [
        (
            str(ANNA), "anna@example.com", "+49 30 1234567", datetime(2026, 3, 1, 23, 30), datetime(2026, 3, 1, 23, 35),
            "fulfilled", "EUR", "SPRING10", "web", "mobile", "AT", None, "Wien", D("5"), D("4.90"), D("9.86"),
            D("61.76"), False,
        )
    ]  # fmt: skip
    # 23:30 GMT on 1 March is 2 March in Berlin.
    assert published(run, "select order_date from fct_order where order_id = '1001'") == [(date(2026, 3, 2),)]


def test_every_status_has_its_word_and_only_drafts_are_no_orders(run):
    assert dict(rows(run, "select order_id, status from contract.orders_rows")) == {
        "1001": "fulfilled",
        "1002": "paid",
        "1003": "refunded",
        "1004": "fulfilled",
        "1005": "cancelled",
        "1006": "voided",
        "1007": "paid",
        "1008": "pending",
        "1011": "wc-active",
        "1012": "pending",
    }


def test_subscriptions_and_money_without_a_rate_are_set_aside_with_their_lines(run):
    assert rows(run, "select order_id, currency, total_amount, reject_reason from quarantine.orders order by 1") == [
        ("1008", "USD", D("12"), "no_rate"),
        ("1011", "EUR", D("11.90"), "no_order"),
    ]
    assert rows(run, "select order_line_id, reject_reason from quarantine.order_lines order by 1") == [
        ("22", "parent_rejected"),
        ("28", "parent_rejected"),
    ]


def test_lines_are_products_with_the_discount_of_the_order_in_them(run):
    query = """
        select order_line_id, product_id, sku, quantity, gross_amount, discount_amount, tax_amount, is_merchandise
        from contract.order_lines where order_id in ('1001', '1012') order by cast(order_line_id as int)
    """
    assert rows(run, query) == [
        ("1", "100", "TS-L", 2, D("40"), D("4"), D("6.84"), True),
        ("2", "110", "MUG", 1, D("10"), D("1"), D("1.71"), True),
        ("3", None, None, 1, D("2"), D("0"), D("0.38"), False),
        ("29", "110", "MUG", 1, D("10"), D("0"), D("1.90"), True),
        ("30", None, None, 1, D("0"), D("3"), D("-0.57"), False),
    ]


def test_shipping_coupons_and_taxes_are_no_lines(run):
    lines = "select order_line_id from contract.order_lines_rows"
    cart_lines = "select checkout_line_id from contract.checkout_lines_rows"
    found = {int(line_id) for (line_id,) in rows(run, f"{lines} union all {cart_lines}")}
    assert found.isdisjoint({4, 5, 6, 12, 15, 17, 18, 25, 26})


def test_every_record_of_a_mixed_table_is_accounted_for(run):
    counts = rows(run, "select raw_table, raw_rows, contract_rows, quarantined_rows from contract.raw_reconciliation")
    # Of the items the 16 lines, one of them refunded, of the posts the three products, of the terms the categories.
    assert {name.removeprefix("shop/"): tuple(more) for name, *more in counts} == {
        "orders": (16, 14, 2),
        "order_items": (16, 14, 2),
        "customer_lookup": (3, 3, 0),
        "posts": (3, 3, 0),
        "term_taxonomy": (3, 3, 0),
    }


def test_refunds_with_and_without_lines_pay_back_merchandise_and_the_rest(run):
    query = """
        select refund_id, order_id, order_line_id, quantity, amount, other_amount, refunded_at
        from contract.refunds order by 1
    """
    assert rows(run, query) == [
        ("line-16", "1004", "13", 1, D("20"), D("3.80"), datetime(2026, 3, 10, 10)),
        ("rest-1103", "1003", None, None, D("30"), D("11.65"), datetime(2026, 3, 9, 10)),
        ("rest-1104", "1004", None, None, D("0"), D("5.95"), datetime(2026, 3, 10, 10)),
        ("rest-1105", "1004", None, None, D("5"), D("0.95"), datetime(2026, 3, 11, 23, 15)),
    ]


def test_a_guest_has_no_number_and_is_one_person_with_the_record_of_guests(run):
    assert rows(run, "select customer_id, email from contract.orders where order_id = '1002'") == [
        (None, "Cleo@Example.com")
    ]
    query = """
        select count(distinct customer_key) from fct_order where order_id = '1002' and customer_key is not null
    """
    assert published(run, query) == [(1,)]
    assert published(run, "select count(*) from dim_customer") == [(3,)]


def test_customers_bear_the_number_of_their_account_and_registered_by_the_clock_of_the_shop(run):
    assert rows(run, "select customer_id, email, created_at from contract.customers order by 1") == [
        (str(ANNA), "anna@example.com", datetime(2026, 1, 4, 23, 30)),
        (str(BEN), "ben@example.com", datetime(2026, 1, 4, 23, 30)),
        ("guest-3", "cleo@example.com", None),
    ]


def test_a_product_takes_its_variations_together_and_the_lowest_category(run):
    query = """
        select product_id, sku, title, brand, category_id, price, stock_quantity, is_active, is_deleted
        from contract.products order by 1
    """
    assert rows(run, query) == [
        ("100", "TS-L", "T-Shirt", "Acme", "2", D("20"), 7, True, False),
        ("110", "MUG", "Mug", None, "3", D("10"), 8, True, False),
        ("120", "POSTER", "Poster", None, "3", D("5"), None, False, True),
    ]
    assert rows(run, "select category_id, name, parent_category_id from contract.categories order by 1") == [
        ("1", "Clothing", None),
        ("2", "Shirts", "1"),
        ("3", "Home", None),
    ]


def test_drafts_are_carts_with_both_sizes_in_them(run):
    query = """
        select checkout_id, customer_id, email, started_at, value, channel
        from contract.checkouts where completed_order_id is null order by 1
    """
    assert rows(run, query) == [
        ("1009", str(BEN), "ben@example.com", datetime(2026, 3, 20, 12), D("60"), "web"),
        ("1010", None, None, datetime(2026, 3, 20, 13), None, "admin"),
        ("1013", None, "ben@example.com", datetime(2026, 3, 20, 14), D("20"), "web"),
    ]
    query = """
        select checkout_id, product_id, quantity, unit_price from contract.checkout_lines order by checkout_line_id
    """
    assert rows(run, query) == [("1009", "100", 1, D("20")), ("1009", "100", 2, D("20")), ("1013", "110", 2, D("10"))]


def test_published_orders_end_where_they_were_cancelled_or_thrown_away(run):
    query = """
        select order_id, order_date, invalid_from, units, gross_amount, discount_amount, refund_amount, net_amount
        from fct_order order by 1
    """
    assert published(run, query) == [
        ("1001", date(2026, 3, 2), None, 3, D("50"), D("5"), D("0"), D("45")),
        ("1002", date(2026, 3, 2), None, 1, D("20"), D("0"), D("0"), D("20")),
        ("1003", date(2026, 3, 3), None, 3, D("30"), D("0"), D("30"), D("0")),
        ("1004", date(2026, 3, 4), None, 3, D("50"), D("0"), D("25"), D("25")),
        ("1005", date(2026, 3, 5), date(2026, 3, 7), 1, D("10"), D("0"), D("0"), D("10")),
        ("1006", date(2026, 3, 5), date(2026, 3, 5), 1, D("10"), D("0"), D("0"), D("10")),
        ("1007", date(2026, 3, 5), date(2026, 3, 9), 1, D("10"), D("0"), D("0"), D("10")),
        ("1012", date(2026, 3, 8), None, 1, D("10"), D("0"), D("0"), D("10")),
    ]


def test_published_facts_of_the_customers(run):
    measures = "orders, units, gross_revenue, discount_amount, refund_amount, net_revenue"
    assert sorted(published(run, f"select {measures} from fct_customer")) == [
        (1, 1, D("20"), D("0"), D("0"), D("20")),  # Cleo: 1002
        (1, 3, D("50"), D("5"), D("0"), D("45")),  # Anna: 1001; 1005 to 1008 do not count
        (3, 7, D("90"), D("0"), D("55"), D("35")),  # Ben: 1003, 1004 and 1012
    ]


def test_a_changed_status_is_seen_though_the_order_is_old(later):
    query = """
        select status, ordered_at, outcome from contract.orders_rows where order_id = '1012' order by updated_at
    """
    assert rows(later, query) == [
        ("pending", datetime(2026, 3, 8, 12), "superseded"),
        ("paid", datetime(2026, 3, 8, 12), "kept"),
    ]


def test_an_edited_line_is_seen_though_items_have_no_time_of_change(later):
    lines = rows(later, "select quantity, gross_amount from contract.order_lines where order_id = '1002'")
    assert lines == [(2, D("40"))]
    assert published(later, "select net_amount from fct_order where order_id = '1002'") == [(D("40"),)]


def test_a_draft_becomes_the_order_with_the_items_that_it_has_at_last(later):
    assert rows(later, "select completed_order_id, value from contract.checkouts where checkout_id = '1009'") == [
        ("1009", D("20"))
    ]
    query = """
        select order_line_id, is_deleted from contract.order_lines where order_id = '1009' order by 1
    """
    assert rows(later, query) == [("23", True), ("24", True), ("31", False)]
    assert published(later, "select units, net_amount from fct_order where order_id = '1009'") == [(1, D("20"))]


def test_a_draft_that_was_cleared_away_was_left_all_the_same(later):
    carts = rows(later, "select value, is_deleted from contract.checkouts where checkout_id = '1013'")
    lines = rows(later, "select quantity, is_deleted from contract.checkout_lines where checkout_id = '1013'")
    assert (carts, lines) == ([(D("20"), False)], [(2, False)])


def test_a_later_load_has_only_what_changed(run, later):
    before = set(run.home.folder.glob("raw/shop/*/*.parquet"))
    landed = {}
    for file in later.home.folder.glob("raw/shop/*/*.parquet"):
        if run.home.folder / file.relative_to(later.home.folder) not in before:
            deletions = dict(rows(later, f"select _is_deleted, count(*) from '{file}' group by all"))
            landed[file.parent.name] = (deletions.get(False, 0), deletions.get(True, 0))
    # Changed and new: three orders, one item with its seven attributes, and four attributes of another. Gone: a draft
    # with one item of seven attributes, and of the other draft its two lines (7 each), shipping (3) and tax (1).
    assert landed == {"orders": (3, 1), "order_items": (1, 5), "order_itemmeta": (7 + 4, 7 + 7 + 7 + 3 + 1)}
