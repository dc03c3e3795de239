"""Tables that are brought up to date are what they would be if they were built whole: random histories of a small shop,
which arrive in random portions.

Two platforms: one whose raw rows are the contract's, so that only what arrives is read, and one of which nothing is
known, so that everything is compared. Does not belong here: what the rows ought to be (dbt's unit tests,
test_contract_rows.py) and when something is built at all (test_ledger.py).
"""

import random
import shutil
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pandas as pd
import pytest
from exchange_files import write_empty_exchange

from dagster_project.home import Home
from dagster_project.transform.identity import write_components
from dagster_project.transform.phone import write_phones
from dagster_project.transform.project import DBT_FOLDER, DbtProject, raise_failures
from dagster_project.warehouse import open_warehouse

FIRST_LOAD = datetime(2026, 6, 10, 3)
NAMES = ("ann", "bob", "cem")
DAILY = ("int_order", "fct_order", "fct_order_line", "fct_customer_product_daily", "fct_customer_daily")
DAYS = [f"2026-06-0{day}" for day in range(1, 10)]
ORDERS, LINES = [None, *map(str, range(8))], [None, *map(str, range(24))]
Rows = Sequence[Mapping[str, object]]


def _customer(draw: random.Random) -> Mapping[str, object]:
    return {"customer_id": draw.choice("123456"), "email": draw.choice([None, "a@x.org", "b@x.org", "c@x.org"])}


def _order(draw: random.Random) -> Mapping[str, object]:
    """Of a few, so that versions meet; now and then without its key, or faulty."""
    is_guest = draw.random() < 0.3
    return {
        "order_id": draw.choice(ORDERS),
        "customer_id": None if is_guest else draw.choice("12345678"),
        "email": draw.choice(["a@x.org", "b@x.org", "d@x.org"]) if is_guest else None,
        "ordered_at": f"{draw.choice(DAYS)} 12:00:00",
        "status": draw.choice(["paid"] * 8 + ["cancelled", "cancelled", "voided", "lost"]),
        "cancelled_at": draw.choice([None, None, "2026-06-08 09:00:00"]),
        "currency": draw.choice(["EUR", "EUR", "USD", "CHF"]),
        "total_amount": draw.choice(["10", "20"]),
    }


def _order_line(draw: random.Random) -> Mapping[str, object]:
    return {
        "order_line_id": draw.choice(LINES),
        "order_id": draw.choice(ORDERS),
        "product_id": draw.choice([None, "p", "q"]),
        "quantity": draw.choice(["1", "2"] * 5 + ["-1"]),
        "unit_price": draw.choice(["5", "7.50"] * 5 + [None]),
        "is_merchandise": draw.choice([None, "true", "false"]),
    }


def _refund(draw: random.Random) -> Mapping[str, object]:
    order = draw.choice([None, *ORDERS])
    return {
        "refund_id": draw.choice("123456789"),
        "order_id": order,
        "order_line_id": draw.choice([None, *LINES]) if order else None,
        "customer_id": draw.choice([None, "1", "2", "9"]),
        "product_id": draw.choice([None, "p"]),
        "refunded_at": f"{draw.choice(DAYS)} 18:00:00",
        "currency": draw.choice(["EUR", "USD"]),
        "amount": draw.choice(["1", "2.345"]),
    }


def _exchange_rate(draw: random.Random) -> Mapping[str, object]:
    return {
        "from_currency": draw.choice(["USD", "CHF"]),
        "to_currency": "EUR",
        "rate_date": draw.choice(DAYS),
        "rate": draw.choice(["0.9", "0.8", "1.1"]),
    }


def _consent(draw: random.Random) -> Mapping[str, object]:
    """Of a key that may lack one of its parts, and so be none."""
    return {
        "contact_id": draw.choice([None, "k"]),
        "customer_id": draw.choice([None, "1"]),
        "channel": draw.choice([None, "email", "sms"]),
        "status": draw.choice(["granted", "withdrawn"]),
        "occurred_at": draw.choice([None, "2026-06-01 10:00:00"]),
    }


def _declared_trait(draw: random.Random) -> Mapping[str, object]:
    """Of a key of which a part may be withheld."""
    return {
        "contact_id": "k",
        "trait": draw.choice(["interest", "religion"]),
        "value": draw.choice([None, "tea", "coffee"]),
        "declared_at": "2026-06-01 10:00:00",
    }


def _contact(draw: random.Random) -> Mapping[str, object]:
    return {"contact_id": draw.choice("kl"), "shop_customer_id": draw.choice([None, "1", "2", "7"])}


def _campaign(draw: random.Random) -> Mapping[str, object]:
    return {"campaign_id": draw.choice("xy"), "name": "Spring", "channel": draw.choice(["email", "sms"])}


def _message(draw: random.Random) -> Mapping[str, object]:
    return {
        "message_event_id": draw.choice("123456"),
        "contact_id": draw.choice("klm"),
        "campaign_id": draw.choice([None, "x", "y"]),
        "event_type": draw.choice(["sent", "opened"]),
        "occurred_at": f"{draw.choice(DAYS)} 10:00:00",
    }


def _browse_event(draw: random.Random) -> Mapping[str, object]:
    """Of visitors who now and then say who they are."""
    return {
        "event_id": draw.choice("123456789"),
        "visitor_id": draw.choice([None, "v", "w"]),
        "customer_id": draw.choice([None, None, "1", "2"]),
        "email": draw.choice([None, None, "a@x.org", "c@x.org"]),
        "event_type": "product_view",
        "occurred_at": f"{draw.choice(DAYS)} 10:00:00",
    }


DRAWN: Mapping[str, tuple[Callable[[random.Random], Mapping[str, object]], int]] = {
    "customers": (_customer, 2),
    "orders": (_order, 4),
    "order_lines": (_order_line, 10),
    "refunds": (_refund, 2),
    "exchange_rates": (_exchange_rate, 1),
    "contacts": (_contact, 1),
    "campaigns": (_campaign, 1),
    "messages": (_message, 2),
    "browse_events": (_browse_event, 2),
    "consents": (_consent, 3),
    "declared_traits": (_declared_trait, 3),
}


def _portion(draw: random.Random, entities: Collection[str] = DRAWN, times: int = 1) -> Mapping[str, Rows]:
    """What one load brings: rows with their ages in any order, some of them twice."""
    found = {}
    for entity in entities:
        row, most = DRAWN[entity]
        rows = [
            {**row(draw), "updated_at": f"{draw.choice(DAYS)} {draw.randint(0, 2):02}:00:00", "is_deleted": is_deleted}
            for is_deleted in draw.choices(["false", "true"], [9, 1], k=most * times)
        ]
        found[entity] = rows + rows[: draw.choice([0, 0, 1])]
    return found


class Shop:
    """A warehouse of one system."""

    def __init__(self, folder: Path, platform: str) -> None:
        self.home = Home(folder / "home")
        self.platform, self.loads = platform, 0
        dbt = _with_plain_platform(folder) if platform == "plain" else DBT_FOLDER
        system = {"name": "shop", "platform": platform, "entities": [*DRAWN], "tables": [*DRAWN], "shop": "shop"}
        variables = {"shop_time_zone": "Europe/Berlin", "shop_currency": "EUR", "systems": [system]}
        self.project = DbtProject(dbt, self.home, variables, threads=2)
        write_empty_exchange(self.home)
        self.land({entity: [{**row(random.Random(0)), "is_deleted": "false"}] for entity, (row, _) in DRAWN.items()})

    def land(self, portion: Mapping[str, Rows], days_late: int = 0) -> None:
        """One load after the other; `days_late`: one that began so much earlier, and had to wait."""
        self.loads += 1
        loaded_at = FIRST_LOAD + timedelta(days=self.loads - days_late, minutes=days_late)
        for entity, rows in portion.items():
            folder = self.home.raw("shop", entity)
            folder.mkdir(parents=True, exist_ok=True)
            if rows:
                landed = pd.DataFrame(rows).astype("string").assign(_is_deleted=False)
                landed["_loaded_at"], landed["_as_of"] = loaded_at, loaded_at.date()
                landed.to_parquet(folder / f"{loaded_at:%Y%m%dT%H%M%S%f}-{self.loads}.parquet")

    def refresh(self) -> None:
        """Bring everything up to date, as far as the daily facts."""
        self._stage("contract_stage")
        with open_warehouse(self.home.warehouse) as warehouse:
            write_phones(warehouse, self.home.exchange / "phone.parquet", "DE")
        self._stage("identity_stage")
        with open_warehouse(self.home.warehouse) as warehouse:
            write_components(warehouse, self.home.exchange / "identity_component.parquet")
        self._stage("core_stage")

    def _stage(self, tag: str) -> None:
        nodes = [node for node in self._wanted if tag in self.project.manifest["nodes"][node]["tags"]]
        raise_failures(self.project.refresh(nodes)[0])

    @property
    def _wanted(self) -> set[str]:
        """The tables that are brought up to date, and all that they are made of."""
        found: set[str] = set()
        ahead = {node_id for node_id in self.project.manifest["nodes"] if self._is_incremental(node_id)}
        ahead |= {f"model.warehouse.{name}" for name in ("int_phone_spelling", "int_identity_link")}
        while ahead:
            found |= ahead
            ahead = {parent for node_id in ahead for parent in self.project.manifest["parent_map"][node_id]} - found
            ahead = {node_id for node_id in ahead if node_id in self.project.manifest["nodes"]}
        return found

    def _is_incremental(self, node_id: str) -> bool:
        return self.project.manifest["nodes"][node_id]["config"]["materialized"] == "incremental"

    def rows(self) -> Mapping[str, list[tuple]]:
        """Of every table that is brought up to date its rows, in one order."""
        tables = {
            f"{node['schema']}.{node['alias']}"
            for node_id, node in self.project.manifest["nodes"].items()
            if self._is_incremental(node_id)
        }
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            return {table: warehouse.execute(f"from {table} order by all").fetchall() for table in sorted(tables)}

    def built_whole(self) -> Mapping[str, list[tuple]]:
        """The same rows of a warehouse that is built anew from the same files."""
        kept = self.home.warehouse.rename(self.home.folder / "kept.duckdb")
        self.refresh()
        rows = self.rows()
        kept.replace(self.home.warehouse)
        return rows

    def changes(self, table: str, column: str) -> list[object]:
        """A column of the rows that the last increment of a table removed or added."""
        with duckdb.connect(str(self.home.warehouse), read_only=True) as warehouse:
            found = warehouse.execute(f"select {column} from {table}__changes order by all").fetchall()
        return [value for (value,) in found]


def _with_plain_platform(folder: Path) -> Path:
    dbt = Path(shutil.copytree(DBT_FOLDER, folder / "dbt"))
    staging = dbt / "models" / "staging" / "plain"
    staging.mkdir()
    tables = ", ".join(f"{{name: {entity}}}" for entity in DRAWN)
    (staging / "_plain__sources.yml").write_text(f"sources: [{{name: plain, tables: [{tables}]}}]")
    for entity in DRAWN:
        model = "select * from {{ raw('plain', '" + entity + "') }} as rows_of_table"
        (staging / f"stg_plain__{entity}.sql").write_text(model)
    return dbt


@pytest.mark.parametrize(("platform", "seed", "loads"), [("contract", 1, 10), ("plain", 2, 4)])
def test_any_sequence_of_increments_gives_the_rows_of_a_full_build(
    tmp_path: Path, platform: str, seed: int, loads: int
):
    draw, shop = random.Random(seed), Shop(tmp_path, platform)
    shop.land(_portion(draw, times=3))
    shop.refresh()
    for number in range(loads):
        shop.land(_portion(draw, draw.sample([*DRAWN], draw.randint(1, 4))), days_late=3 if number == loads - 2 else 0)
        if number % 5 != 1:  # else two loads at once
            shop.refresh()
    rows = shop.rows()
    whole = shop.built_whole()
    for table in whole:
        assert rows[table] == whole[table], table
    assert all(rows[f"core.{table}"] for table in DAILY)


def test_an_increment_writes_what_changed_and_nothing_else(tmp_path: Path):
    """An order gets another line; and a customer, who landed last, turns out to be another one, to whom the order so
    moves."""
    shop = Shop(tmp_path, "contract")
    paid = {"ordered_at": "2026-06-01 12:00:00", "status": "paid", "currency": "EUR", "total_amount": "9"}
    line = {"quantity": "1", "unit_price": "9", "is_deleted": "false"}
    ann, bob, cem = ({"customer_id": name, "email": f"{name}@y.org", "is_deleted": "false"} for name in NAMES)
    shop.land({"customers": [ann, bob]})
    shop.land(
        {
            "customers": [cem],
            "orders": [{"order_id": f"of {name}", "customer_id": name, **paid} for name in NAMES],
            "order_lines": [{"order_line_id": f"of {name}", "order_id": f"of {name}", **line} for name in NAMES],
        }
    )
    shop.refresh()
    another = {"order_line_id": "another of ann", "order_id": "of ann", **line}
    shop.land({"customers": [{**cem, "email": bob["email"]}], "order_lines": [another]})
    shop.refresh()

    assert shop.changes("contract.order_lines_rows", "order_line_id") == ["another of ann"]
    assert shop.changes("core.fct_order_line", "order_line_id") == ["another of ann", "of cem", "of cem"]
    assert shop.changes("core.fct_order", "order_id") == ["of ann", "of ann", "of cem", "of cem"]
    # Ann's day before and after, Bob's before and after with Cem's order on it, and Cem's, which is no more.
    assert shop.changes("core.fct_customer_daily", "cast(units as int)") == [1, 1, 1, 2, 2]

    refund = {"refunded_at": "2026-06-02 12:00:00", "currency": "EUR", "is_deleted": "false"}
    of_ann = {"refund_id": "r", "order_id": "of ann", "order_line_id": "of ann", "amount": "1", **refund}
    of_cem = {"refund_id": "s", "customer_id": "cem", "amount": "2", **refund}
    shop.land({"refunds": [of_ann, of_cem]})
    shop.refresh()
    assert shop.changes("core.fct_order_line", "order_line_id") == ["of ann", "of ann"]
    assert shop.changes("core.fct_order", "order_id") == ["of ann", "of ann"]
    # Each posts on its own day, Cem's with Bob.
    assert shop.changes("core.fct_customer_daily", "cast(refund_amount as int)") == [1, 2]

    shop.land({"customers": [cem]})
    shop.refresh()
    # Cem is himself again: his order's day leaves Bob's, and so does his refund's.
    assert shop.changes("core.fct_customer_daily", "cast(refund_amount as int)") == [0, 0, 0, 2, 2]
    assert shop.changes("core.fct_order_line", "order_line_id") == ["of cem", "of cem"]

    shop.land({"refunds": [{**of_ann, "refunded_at": "2026-06-03 12:00:00"}]})
    shop.refresh()
    # The same money on another day: no line changes.
    assert shop.changes("core.fct_order_line", "order_line_id") == []
    assert shop.changes("core.fct_customer_product_daily", "cast(refund_amount as int)") == [1, 1]

    shop.land({"order_lines": [{"order_line_id": "of bob", "order_id": "of bob", "product_id": "p", **line}]})
    shop.refresh()
    # Another product for the same money: the order is as it was.
    assert shop.changes("core.int_order", "order_id") == []
    assert shop.changes("core.fct_customer_product_daily", "cast(orders as int)") == [1, 1]
