"""The traps of data in Olist's shape, each with planted rows: what the contract makes of six orders.

Belongs here: the mapping of the platform, on files written by hand. The figures of the sample do not (test_olist.py).
"""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import load_source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars

LOAD = Load(id="run-1", loaded_at=datetime(2018, 10, 18, 3), as_of=date(2018, 10, 17))
ORPHAN_TEST = "relationships_int_olist__order_totals_order_id__order_id__ref_int_olist__orders_"
TWO_LINES = 'primeira linha\r\nsegunda; "linha", fim'

FILES = {
    "olist_orders_dataset.csv": """
        order_id,customer_id,order_status,order_purchase_timestamp,order_approved_at,order_delivered_customer_date
        new,c1,shipped,2018-01-10 23:30:00,2018-01-11 00:10:00,
        old,c2,delivered,2017-07-01 23:30:00,2017-07-02 00:10:00,2017-07-09 10:00:00
        split-b,c3,delivered,2018-05-02 12:00:01,2018-05-02 12:10:00,2018-05-04 12:00:00
        split-a,c4,canceled,2018-05-02 12:00:00,,
        empty,c5,unavailable,2018-05-03 12:00:00,2018-05-03 12:10:00,
        nobody,c6,created,2018-05-04 12:00:00,,
    """,
    "olist_customers_dataset.csv": """
        customer_id,customer_unique_id,customer_zip_code_prefix,customer_city,customer_state
        c1,ana,04001,santos,SP
        c2,ana,01001,sao paulo,SP
        c3,rui,20000,rio de janeiro,RJ
        c4,rui,20000,rio de janeiro,RJ
        c5,eva,30000,belo horizonte,MG
    """,
    "olist_order_items_dataset.csv": """
        order_id,order_item_id,product_id,seller_id,shipping_limit_date,price,freight_value
        old,1,sheet,s1,2017-07-05 00:00:00,100.00,10.00
        old,2,sheet,s1,2017-07-05 00:00:00,100.00,10.50
        new,1,mouse,s1,2018-01-15 00:00:00,30.00,5.00
        split-a,1,sheet,s1,2018-05-05 00:00:00,100.00,8.00
        split-b,1,thing,s1,2018-05-05 00:00:00,20.10,0.00
    """,
    "olist_order_payments_dataset.csv": """
        order_id,payment_sequential,payment_type,payment_installments,payment_value
        old,1,credit_card,1,150.00
        old,2,voucher,1,40.50
        old,3,voucher,1,30.00
        new,1,credit_card,10,37.10
        split-a,1,credit_card,1,108.00
        split-b,1,boleto,1,20.10
        empty,1,debit_card,1,50.00
    """,
    "olist_products_dataset.csv": """
        product_id,product_category_name
        sheet,cama_mesa_banho
        mouse,pc_gamer
        thing,
    """,
    "product_category_name_translation.csv": """
        product_category_name,product_category_name_english
        cama_mesa_banho,bed_bath_table
        flores,flowers
    """,
    "olist_sellers_dataset.csv": """
        seller_id,seller_zip_code_prefix,seller_city,seller_state
        s1,01001,sao paulo,SP
    """,
    "olist_geolocation_dataset.csv": """
        geolocation_zip_code_prefix,geolocation_lat,geolocation_lng,geolocation_city,geolocation_state
        01001,-23.55,-46.63,sao paulo,SP
    """,
}

REVIEWS = [
    ("review_id", "order_id", "review_score", "review_comment_title", "review_comment_message",
     "review_creation_date", "review_answer_timestamp"),
    ("two lines", "old", "5", "", TWO_LINES, "2017-07-10 00:00:00", "2017-07-11 22:00:00"),
    ("two orders", "split-b", "3", "", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("two orders", "split-a", "3", "", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("two people", "new", "1", "", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("two people", "empty", "1", "", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("a six", "old", "6", "", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("no score", "old", "", "", "nada", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("a title", "empty", "2", "bom", "", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
    ("blank lines", "empty", "2", " ", "\r\n", "2018-05-05 00:00:00", "2018-05-05 22:00:00"),
]  # fmt: skip

Ask = Callable[[str], list[tuple]]


def _write(folder: Path, files: dict[str, str]) -> Path:
    """A folder of the nine files; the translation begins with a byte-order mark, as Olist's own does."""
    folder.mkdir()
    for name, text in files.items():
        lines = "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"
        (folder / name).write_text(lines, encoding="utf-8-sig" if "translation" in name else "utf-8")
    reviews = io.StringIO(newline="")
    csv.writer(reviews, lineterminator="\n").writerows(REVIEWS)
    (folder / "olist_order_reviews_dataset.csv").write_bytes(reviews.getvalue().encode())
    return folder


def _land_and_build(folder: Path, home: Home, select: Sequence[str]) -> dict[str, str]:
    """Status of each dbt node after landing the folder and building what `select` names."""
    source = load_source(Settings(source="olist"))
    system = source.system("olist")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_PATH", str(folder))
        with open_system(system, home) as reader:
            for name, table in system.tables.items():
                land(reader, name, table, home.raw(system.name, name), home.rejects(system.name, name), LOAD)
    results = DbtProject(DBT_FOLDER, home, dbt_vars(source), threads=1).build(select)
    return {result.node.name: str(result.status) for result in results}


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Home:
    folder = tmp_path_factory.mktemp("olist")
    home = Home(folder / "home")
    statuses = _land_and_build(
        _write(folder / "files", FILES), home, ["+raw_reconciliation", "contract.valid", ORPHAN_TEST]
    )
    assert set(statuses.values()) == {"success", "pass"}
    return home


@pytest.fixture(scope="module")
def ask(home) -> Ask:
    """Rows of the warehouse."""

    def run(sql: str) -> list[tuple]:
        with duckdb.connect(str(home.warehouse), read_only=True) as warehouse:
            return warehouse.execute(sql).fetchall()

    return run


def test_an_id_per_order_becomes_one_person_at_the_latest_address(ask: Ask):
    assert ask("""
        select customer_id, city, postal_code, outcome from contract.customers_rows order by customer_id, outcome, city
    """) == [
        ("ana", "santos", "04001", "kept"),
        ("ana", "sao paulo", "01001", "superseded"),
        ("eva", "belo horizonte", "30000", "kept"),
        ("rui", "rio de janeiro", "20000", "kept"),
        ("rui", "rio de janeiro", "20000", "superseded"),
    ]
    assert ask("select order_id, customer_id from contract.orders order by order_id") == [
        ("empty", "eva"), ("new", "ana"), ("nobody", None), ("old", "ana"), ("split-a", "rui"), ("split-b", "rui"),
    ]  # fmt: skip


def test_several_payments_of_an_order_are_one_total(ask: Ask):
    assert ask("""
        select order_id, total_amount, voucher_amount, shipping_amount from contract.orders order by order_id
    """) == [
        ("empty", 50, 0, 0),
        ("new", Decimal("37.1"), 0, 5),
        ("nobody", 0, 0, 0),
        ("old", 220.5, 70.5, 20.5),
        ("split-a", 108, 0, 8),
        ("split-b", Decimal("20.1"), 0, 0),
    ]


def test_what_was_paid_beyond_items_and_freight_is_listed(ask: Ask):
    assert ask("""
        select order_id, items, payments, difference_amount
        from staging.int_olist__order_totals where difference_amount <> 0 order by order_id
    """) == [("empty", 0, 1, 50), ("new", 1, 1, Decimal("2.1"))]


def test_a_payment_of_an_unknown_order_stops_the_run(tmp_path):
    files = {
        **FILES,
        "olist_order_payments_dataset.csv": FILES["olist_order_payments_dataset.csv"] + "lost,1,boleto,1,9.90",
    }
    select = ["+int_olist__order_totals", ORPHAN_TEST]
    statuses = _land_and_build(_write(tmp_path / "files", files), Home(tmp_path / "home"), select)
    assert {name for name, status in statuses.items() if status not in ("success", "pass")} == {ORPHAN_TEST}


def test_orders_have_the_contracts_status_and_utc_times(ask: Ask):
    assert ask("""
        select order_id, status, ordered_at, paid_at, delivered_at from contract.orders order by order_id
    """) == [
        ("empty", "cancelled", datetime(2018, 5, 3, 15), datetime(2018, 5, 3, 15, 10), None),
        # In summer two hours behind UTC, else three.
        ("new", "fulfilled", datetime(2018, 1, 11, 1, 30), datetime(2018, 1, 11, 2, 10), None),
        ("nobody", "pending", datetime(2018, 5, 4, 15), None, None),
        ("old", "fulfilled", datetime(2017, 7, 2, 2, 30), datetime(2017, 7, 2, 3, 10), datetime(2017, 7, 9, 13)),
        ("split-a", "cancelled", datetime(2018, 5, 2, 15), None, None),
        (
            "split-b",
            "fulfilled",
            datetime(2018, 5, 2, 15, 0, 1),
            datetime(2018, 5, 2, 15, 10),
            datetime(2018, 5, 4, 15),
        ),
    ]


def test_a_review_of_several_orders_of_a_person_is_one_and_of_several_people_a_fault(ask: Ask):
    assert ask("""
        select review_id, customer_id, order_id, rating, outcome, reject_reason
        from contract.reviews_rows where review_id like 'two %' and review_id <> 'two people'
        order by review_id, outcome
    """) == [
        ("two lines", "ana", "old", 5, "kept", None),
        ("two orders", "rui", "split-a", 3, "kept", None),
        ("two orders", "rui", "split-a", 3, "superseded", None),
    ]
    of_two = ask("""
        select customer_id, order_id, outcome, reject_reason
        from contract.reviews_rows where review_id = 'two people' order by customer_id
    """)
    assert [row[:2] for row in of_two] == [("ana", "new"), ("eva", "empty")]
    assert sorted(row[2:] for row in of_two) == [("kept", None), ("quarantined", "duplicate_key")]


def test_a_score_outside_one_to_five_is_a_fault_and_a_missing_one_is_not(ask: Ask):
    assert ask("""
        select review_id, rating, outcome, reject_reason
        from contract.reviews_rows where review_id in ('a six', 'no score') order by review_id
    """) == [("a six", 6, "quarantined", "unknown_rating"), ("no score", None, "kept", None)]


def test_only_a_title_or_message_that_is_not_blank_is_text(ask: Ask):
    assert ask("select review_id from contract.reviews where has_text order by review_id") == [
        ("a title",), ("no score",), ("two lines",),
    ]  # fmt: skip


def test_new_lines_inside_text_survive(ask: Ask, home):
    raw = home.raw("olist", "order_reviews") / "*.parquet"
    rows = ask(f"select review_comment_message from read_parquet('{raw}') where review_id = 'two lines'")
    assert rows == [(TWO_LINES,)]


def test_categories_may_lack_a_translation_and_products_a_category(ask: Ask):
    assert ask("select category_id, name from contract.categories order by category_id") == [
        ("cama_mesa_banho", "bed_bath_table"), ("flores", "flowers"), ("pc_gamer", "pc_gamer"),
    ]  # fmt: skip
    assert ask("select product_id, category_id from contract.products order by product_id") == [
        ("mouse", "pc_gamer"), ("sheet", "cama_mesa_banho"), ("thing", None),
    ]  # fmt: skip


def test_every_row_of_every_table_that_is_no_lookup_is_counted(ask: Ask):
    assert ask("""
        select raw_table, raw_rows, contract_rows, quarantined_rows, superseded_rows, contract_amount
        from contract.raw_reconciliation order by raw_table
    """) == [
        ("olist/category_translation", 2, 2, 0, 0, 0),
        ("olist/customers", 5, 3, 0, 2, 0),
        ("olist/order_items", 5, 5, 0, 0, Decimal("350.1")),
        ("olist/order_reviews", 9, 6, 2, 1, 0),
        ("olist/orders", 6, 6, 0, 0, 0),
        ("olist/products", 3, 3, 0, 0, 0),
    ]
