"""The traps of exports that no platform names, planted in a shop whose staging models are in tests/messy_shop/.

The project runs as a checkout of its own to which somebody added that platform, twice, with changes between. Traps of
certain platforms are tested with them: an id per order, carts among orders, minor units, cancellations as rows.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from dagster_project.home import Home
from tests.integration.platform_runs import make_older

ROOT = Path(__file__).parents[2]
PLATFORM = ROOT / "tests" / "messy_shop"
PROXIES = [f"p{number}" for number in range(11)]  # one more than one address may join
TITLE = 'Becher;\r\n"groß"'


@dataclass(frozen=True)
class Shop:
    """A checkout with the platform in it, the exports that it reads, and its home."""

    checkout: Path
    exports: Path
    home: Home

    def run(self, as_of: str) -> None:
        """Run the pipeline as a person does. Of so few rows any share may be quarantined."""
        environment = {
            **{name: value for name, value in os.environ.items() if name not in ("DAGSTER_HOME", "PYTHONPATH")},
            "SOURCE": "messy_shop",
            "AS_OF": as_of,
            "MESSY_SHOP_EXPORTS": str(self.exports),
            "WAREHOUSE_HOME": str(self.home.folder),
            "WAREHOUSE_MAX_QUARANTINED_SHARE": "1",
        }
        finished = subprocess.run(
            [sys.executable, "-m", "dagster_project", "run"],
            cwd=self.checkout,
            env=environment,
            capture_output=True,
            text=True,
        )
        assert finished.returncode == 0, finished.stdout[-3000:] + finished.stderr[-3000:]

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Rows of the pipeline's own database."""
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            return warehouse.execute(query).fetchall()


def _export(path: Path, *lines: str) -> None:
    """Write a file as spreadsheets do: a byte-order mark, semicolons, and lines that end in CR LF."""
    path.write_bytes(("\r\n".join(lines) + "\r\n").encode("utf-8-sig"))


def _write_customers(exports: Path) -> None:
    _export(
        exports / "customers.csv",
        "customer_no;email;first_name;born;created",
        "1;  Anna@Example.COM ;Anna;17.05.1980;01.02.2026 10:00",
        "2;bruno@example.com;nan;1893-01-01;2026-02-02 10:00:00",
        "3;FALSE;   ;NULL;03.02.2026 10:00",
        "4;family@example.com;Dora;;03.02.2026 11:00",
        "5;Family@example.com;Emil;;03.02.2026 12:00",
        "6;clara@example.com;Clara;;03.02.2026 13:00",
        "7;clara+shop@example.com;n/a;;03.02.2026 14:00",
        *(f"{number};buyer@marketplace.example;None;;03.02.2026 15:00" for number in PROXIES),
    )


ORDERS = {
    "evening": "evening;1;;31.03.2026 23:30;bezahlt;10,00",
    "iso": "iso;;anna@example.com  ;2026-03-01 08:00:00;bezahlt;20,00",
    "nobody": "nobody;0;;02.03.2026 08:00;bezahlt;30,00",
    "nobody either": "nobody either;-1;NULL;02.03.2026 08:00;bezahlt;30,00",
    "grouped": "grouped;2;;03.03.2026 08:00;bezahlt;1.234,50",
    "blank": "blank;3;;04.03.2026 08:00;bezahlt;40,00",
    "one parent": "one parent;4;;05.03.2026 08:00;bezahlt;50,00",
    "other parent": "other parent;5;;06.03.2026 08:00;bezahlt;60,00",
    "plain": "plain;6;;07.03.2026 08:00;bezahlt;70,00",
    "plus": "plus;7;;08.03.2026 08:00;bezahlt;80,00",
    "third format": "third format;7;;03/09/2026;bezahlt;5,00",
    **{number: f"{number};{number};;09.03.2026 08:00;bezahlt;1,00" for number in PROXIES},
}


def _write_orders(exports: Path, orders: dict[str, str]) -> None:
    """The orders, and for each one item of what it cost; one has a title of two lines."""
    _export(exports / "orders.csv", "order_no;customer_no;email;ordered;status;total", *orders.values())
    quoted = TITLE.replace('"', '""')
    _export(
        exports / "order_items.csv",
        "item_no;order_no;sku;title;quantity;amount",
        *(f'{name}-1;{name};mug;"{quoted}";1;{line.rsplit(";", 1)[1]}' for name, line in orders.items()),
    )


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    folder = tmp_path_factory.mktemp("messy")
    shop = Shop(folder / "checkout", folder / "exports", Home(folder / "home"))
    for part in ("dagster_project", "dbt", "expectations"):
        shutil.copytree(
            ROOT / part, shop.checkout / part, ignore=shutil.ignore_patterns("target", "logs", "__pycache__")
        )
    staging = shop.checkout / "dbt" / "models" / "staging" / "messy_shop"
    shutil.copytree(PLATFORM, staging, ignore=shutil.ignore_patterns("sources.yml"))
    shutil.copy(PLATFORM / "sources.yml", shop.checkout)
    shop.exports.mkdir()
    _write_customers(shop.exports)
    _write_orders(shop.exports, ORDERS)
    shop.run("2026-03-31")
    return shop


@pytest.fixture(scope="module")
def later(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Two days on: an old order was cancelled, one is gone, and one of weeks ago arrived."""
    folder = tmp_path_factory.mktemp("later")
    home = Home(Path(shutil.copytree(shop.home.folder, folder / "home", symlinks=True)))
    for state in (home.folder / "raw").rglob("_source.json"):
        make_older(state, timedelta(days=2))
    exports = Path(shutil.copytree(shop.exports, folder / "exports"))
    orders = {name: line for name, line in ORDERS.items() if name != "blank"}
    orders["grouped"] = ORDERS["grouped"].replace("bezahlt", "storniert")
    orders["late"] = "late;6;;15.03.2026 08:00;bezahlt;90,00"
    _write_orders(exports, orders)
    later = Shop(shop.checkout, exports, home)
    later.run("2026-04-02")
    return later


def _customers(shop: Shop, *orders: str) -> list[str | None]:
    """The customers of these orders, in that order."""
    found = dict(shop.rows("select order_id, customer_key from core.fct_order"))
    return [found[order] for order in orders]


def test_the_mark_at_the_start_is_no_part_of_the_first_column(shop: Shop):
    files = str(shop.home.raw("messy_shop", "customers") / "*.parquet")
    columns = [name for name, *_ in duckdb.execute("describe select * from read_parquet(?)", [files]).fetchall()]
    assert columns[:5] == ["customer_no", "email", "first_name", "born", "created"]


def test_text_of_two_lines_with_quotes_and_separators_survives(shop: Shop):
    assert shop.rows("select distinct title from contract.order_lines") == [(TITLE,)]


def test_two_formats_of_dates_in_a_column_are_local_times(shop: Shop):
    assert dict(shop.rows("select order_id, ordered_at from contract.orders where order_id in ('evening', 'iso')")) == {
        "evening": datetime(2026, 3, 31, 21, 30),
        "iso": datetime(2026, 3, 1, 7),
    }
    assert shop.rows("select order_date from core.fct_order where order_id = 'evening'") == [(date(2026, 3, 31),)]


def test_a_date_in_no_known_format_quarantines_its_order_and_what_is_in_it(shop: Shop):
    assert shop.rows("select order_id, reject_reason from quarantine.orders") == [
        ("third format", "missing_ordered_at")
    ]
    assert shop.rows("select order_id, reject_reason from quarantine.order_lines") == [
        ("third format", "parent_rejected")
    ]


def test_blanks_and_the_words_for_nothing_are_null(shop: Shop):
    customers = shop.rows("select customer_id, email, first_name from contract.customers")
    assert {customer for customer in customers if customer[0] in ("2", "3", "7")} == {
        ("2", "bruno@example.com", None),
        ("3", None, None),
        ("7", "clara+shop@example.com", None),
    }


def test_a_birth_in_1893_is_unknown_and_its_customer_stays(shop: Shop):
    births = dict(shop.rows("select customer_id, birth_date from contract.customers"))
    assert (births["1"], births["2"]) == (date(1980, 5, 17), None)


def test_a_number_that_stands_for_nobody_is_no_customer(shop: Shop):
    assert _customers(shop, "nobody", "nobody either") == [None, None]
    assert shop.rows("select count(*) from contract.customers where customer_id in ('0', '-1')") == [(0,)]


def test_amounts_are_read_as_people_write_them(shop: Shop):
    assert shop.rows("select total_amount from contract.orders where order_id = 'grouped'") == [(Decimal("1234.5000"),)]


def test_case_and_spaces_make_no_other_address(shop: Shop):
    account, guest = _customers(shop, "evening", "iso")
    assert account == guest is not None


def test_an_address_that_a_family_shares_is_one_customer_and_one_with_a_plus_another(shop: Shop):
    parent, other_parent, plain, plus = _customers(shop, "one parent", "other parent", "plain", "plus")
    assert parent == other_parent is not None
    assert None not in (plain, plus)
    assert plain != plus


def test_the_proxy_address_of_a_marketplace_joins_nobody_and_is_reported(shop: Shop):
    buyers = _customers(shop, *PROXIES)
    assert None not in buyers
    assert len(set(buyers)) == len(PROXIES)
    assert shop.rows("select key_type, identity_count from core.int_identity_blocked_key") == [("email", len(PROXIES))]


def _valid_orders(shop: Shop) -> dict[str, Decimal]:
    return dict(shop.rows("select order_id, gross_amount from core.fct_order where is_valid"))


def test_what_changed_arrived_late_or_is_gone_is_so_in_the_facts(shop: Shop, later: Shop):
    before, after = _valid_orders(shop), _valid_orders(later)
    assert before.keys() - after.keys() == {"grouped", "blank"}
    assert {name: after[name] for name in after.keys() - before.keys()} == {"late": Decimal(90)}
    assert later.rows("select order_date from core.fct_order where order_id = 'late'") == [(date(2026, 3, 15),)]


def test_raw_keeps_every_version(later: Shop):
    files = str(later.home.raw("messy_shop", "orders") / "*.parquet")
    assert duckdb.execute(
        """
        select order_no, status, _is_deleted from read_parquet(?, union_by_name = true)
        where order_no in ('grouped', 'blank', 'late') order by all
        """,
        [files],
    ).fetchall() == [
        ("blank", "bezahlt", False),
        ("blank", "bezahlt", True),
        ("grouped", "bezahlt", False),
        ("grouped", "storniert", False),
        ("late", "bezahlt", False),
    ]


@pytest.mark.parametrize("state", ["shop", "later"])
def test_every_line_of_every_file_is_counted(request: pytest.FixtureRequest, state: str):
    shop = request.getfixturevalue(state)
    landed = {}
    for table in ("customers", "orders", "order_items"):
        files = str(shop.home.raw("messy_shop", table) / "*.parquet")
        (landed[f"messy_shop/{table}"],) = duckdb.execute(
            "select count(*) from read_parquet(?, union_by_name = true)", [files]
        ).fetchone()
    assert dict(shop.rows("select raw_table, sum(row_count) from core.run_summary group by raw_table")) == landed
