"""A simulated shop of any size for the scale benchmark, as Parquet files in the contract's shape.

`python -m benchmarks.shop 1m .bench/1m/shop` writes one. Three years of orders, then days of news as further files, so
that a system of kind `files` finds a new file and nothing else. How many rows and which files stand here, what is in
a row in shop_rows.py.
"""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import yaml

from benchmarks import shop_events as events
from benchmarks import shop_rows as rows
from dagster_project import sql

LAST_DAY = date(2025, 12, 31)  # the last of the three years; news are of the days after it
TIME_ZONE = "Europe/Berlin"
ENDS_AT = datetime(2025, 12, 31, 23)  # the midnight after that day, in UTC
NEWS = 0.001  # lines of a day of news, of all
LINES_A_FILE = 5_000_000
LINES_AN_ORDER, ORDERS_A_CUSTOMER = 2.6, 9.5
NEW_CUSTOMERS = 0.1  # share of a day's orders that are a new customer's first
MEMORY = "4GB"

KEYS = {
    "customers": ["customer_id"],
    "orders": ["order_id"],
    "order_lines": ["order_line_id"],
    "refunds": ["refund_id"],
    "products": ["product_id"],
    "categories": ["category_id"],
    "checkouts": ["checkout_id"],
    "checkout_lines": ["checkout_id", "product_id", "checkout_line_id"],
    "browse_events": ["event_id"],
    "favourites": ["customer_id", "product_id"],
    "reviews": ["review_id"],
    "contacts": ["contact_id"],
    "consents": ["contact_id", "channel", "occurred_at"],
    "campaigns": ["campaign_id"],
    "messages": ["message_event_id"],
    "tickets": ["ticket_id"],
    "survey_responses": ["response_id"],
}
# Events that have no other source, per order line of the shop.
EVENTS = {
    "browse_events": (events.BROWSE_EVENTS, 0.2),
    "messages": (events.MESSAGES, 0.2 / 0.6),  # of them those to the customers who are contacts
    "tickets": (events.TICKETS, 0.005),
    "survey_responses": (events.SURVEY_RESPONSES, 0.01),
}
OF_ORDERS = {
    "order_lines": rows.ORDER_LINES,
    "orders": rows.ORDERS,
    "refunds": rows.REFUNDS,
    "reviews": rows.REVIEWS,
    "checkouts": rows.CHECKOUTS,
    "checkout_lines": rows.CHECKOUT_LINES,
}
OF_CUSTOMERS = {
    "customers": rows.CUSTOMERS,
    "contacts": rows.CONTACTS,
    "consents": rows.CONSENTS,
    "favourites": rows.FAVOURITES,
}


@dataclass(frozen=True)
class Scale:
    """How large a shop is: about so many order lines, and so many products."""

    lines: int
    products: int

    @property
    def customers(self) -> int:
        return round(self.lines / LINES_AN_ORDER / ORDERS_A_CUSTOMER)

    @property
    def orders_a_day(self) -> int:
        return round(self.lines * NEWS / LINES_AN_ORDER)


SCALES = {
    "100k": Scale(100_000, 5_000),
    "1m": Scale(1_000_000, 20_000),
    "10m": Scale(10_000_000, 50_000),
    "50m": Scale(50_000_000, 100_000),
}


def write_shop(folder: Path, scale: Scale) -> None:
    """Write the three years into a new folder."""
    folder.mkdir(parents=True)
    with _connection(folder, scale) as connection:
        connection.execute(f"create table placed_ever as {rows.PLACED.format(customers=scale.customers)}")
        orders = _one(connection, "select count(*) from placed_ever")
        step = round(LINES_A_FILE / LINES_AN_ORDER)
        for part, first in enumerate(range(0, orders, step)):
            connection.execute(f"""
                create or replace temp table placed as
                select rowid as order_number, * from placed_ever where rowid >= {first} and rowid < {first + step}
            """)
            _write_of_orders(connection, folder, f"{part:03}", ENDS_AT)
        for part, first in enumerate(range(0, scale.customers, LINES_A_FILE)):
            end = min(first + LINES_A_FILE, scale.customers)
            _write_of_customers(connection, folder, f"{part:03}", first, end, "created_at(customer)")
        _write_once(connection, folder, scale)
        for entity, (_, share) in EVENTS.items():
            count = round(scale.lines * share)
            _write_events(connection, folder, entity, 0, count, ENDS_AT - timedelta(days=rows.DAYS), ENDS_AT)


def write_day(folder: Path, scale: Scale, day: int) -> date:
    """Write the news of the day that comes `day` days after the three years, beside their files; returns the day.

    New orders with what belongs to them, some by new customers, and orders of before that changed on that day.
    """
    date_of_day = LAST_DAY + timedelta(days=day)
    name = date_of_day.isoformat()
    begin = ENDS_AT + timedelta(days=day - 1)
    end = begin + timedelta(days=1)
    new_customers = round(scale.orders_a_day * NEW_CUSTOMERS)
    first_customer = scale.customers + (day - 1) * new_customers
    with _connection(folder, scale) as connection:
        orders = _one(connection, f"select sum(orders_of(range)) from range({scale.customers})")
        new = rows.PLACED_ON_A_DAY.format(
            first_order=int(orders) + (day - 1) * scale.orders_a_day,
            first_customer=first_customer,
            new_customers=new_customers,
            orders=scale.orders_a_day,
            begin=begin,
        )
        connection.execute(f"""
            create temp table placed as
            select distinct
                cast(order_id as bigint) as order_number,
                cast(regexp_extract(email, '[0-9]+') as bigint) as customer,
                ordered_at
            from read_parquet({sql.text(folder / "orders-*.parquet")})
            where ordered_at >= timestamp '{begin - timedelta(days=rows.MEMORY_OF_ORDERS)}' and ordered_at < '{begin}'
            union all
            {new}
        """)
        _write_of_orders(connection, folder, name, end, f"updated_at >= timestamp '{begin}'")
        last_customer = first_customer + new_customers
        _write_of_customers(connection, folder, name, first_customer, last_customer, f"timestamp '{begin}'")
        for entity, (_, share) in EVENTS.items():
            count = round(scale.lines * share * NEWS)
            first = round(scale.lines * share) + (day - 1) * count
            _write_events(connection, folder, entity, first, count, begin, end, name)
    return date_of_day


def source(folder: Path) -> Mapping[str, object]:
    """The entry of sources.yml for such a folder. Everything has a time of its last change to be read from."""
    person = {
        "customers": {"customer_id": "customer_id", "email": "email", "phone": "phone"},
        "contacts": {"contact_id": "contact_id", "email": "email", "phone": "phone"},
    }
    return {
        "time_zone": TIME_ZONE,
        "currency": "EUR",
        "country": "DE",
        "first_day": LAST_DAY - timedelta(days=rows.DAYS - 1),
        "last_order": {"system": "shop", "table": "orders", "column": "ordered_at", "time_zone": "UTC"},
        "systems": [
            {
                "name": "shop",
                "platform": "contract",
                "kind": "files",
                "path": str(folder),
                "tables": {
                    entity: {
                        "file": f"{entity}-*.parquet",
                        "key": key,
                        "cursor": "updated_at",
                        "person": person.get(entity, "nobody"),
                    }
                    for entity, key in KEYS.items()
                },
            }
        ],
    }


def write_sources(file: Path, folder: Path) -> None:
    """Write a sources.yml whose entry `bench` is the shop in that folder."""
    file.write_text(yaml.safe_dump({"bench": source(folder)}, sort_keys=False))


@contextmanager
def _connection(folder: Path, scale: Scale) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the macros of the rows, in a folder that is gone when it closes; it spills what is too much."""
    with TemporaryDirectory(dir=folder.parent) as work, duckdb.connect(str(Path(work) / "shop.duckdb")) as connection:
        connection.execute(f"set memory_limit = '{MEMORY}'")
        connection.execute(rows.macros(scale.products, scale.customers))
        yield connection


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> int:
    return connection.execute(query).fetchone()[0]


def _write(connection: duckdb.DuckDBPyConnection, query: str, folder: Path, entity: str, part: str) -> None:
    file = folder / f"{entity}-{part}.parquet"
    connection.execute(f"copy ({query}) to {sql.text(file)} (format parquet, compression snappy)")


def _write_of_orders(
    connection: duckdb.DuckDBPyConnection, folder: Path, part: str, known_until: datetime, news: str = "true"
) -> None:
    """What belongs to the orders of `placed`, of it what is news."""
    connection.execute(f"create or replace temp table line as {rows.LINES}")
    for entity, query in OF_ORDERS.items():
        known = query.format(known_until=known_until)
        _write(connection, f"select * from ({known}) where {news}", folder, entity, part)
    connection.execute("drop table line")


def _write_of_customers(
    connection: duckdb.DuckDBPyConnection, folder: Path, part: str, first: int, end: int, created_at: str
) -> None:
    for entity, query in OF_CUSTOMERS.items():
        _write(connection, query.format(first=first, end=end, created_at=created_at), folder, entity, part)


def _write_once(connection: duckdb.DuckDBPyConnection, folder: Path, scale: Scale) -> None:
    products = rows.PRODUCTS.format(products=scale.products, leaves=rows.LEAVES, start=rows.START)
    for entity, query in {"products": products, "categories": rows.CATEGORIES, "campaigns": rows.CAMPAIGNS}.items():
        _write(connection, query, folder, entity, "000")


def _write_events(
    connection: duckdb.DuckDBPyConnection,
    folder: Path,
    entity: str,
    first: int,
    count: int,
    begin: datetime,
    end: datetime,
    name: str | None = None,
) -> None:
    """Events number `first` on, spread over a span of time; in one file of that name, else in several."""
    query, _ = EVENTS[entity]
    happened = events.HAPPENED.format(
        first=first, events=count, begin=begin, seconds=int((end - begin).total_seconds()), what=entity
    )
    connection.execute(f"create or replace temp view happened as {happened}")
    known = query.format(known_until=end)
    for part, start in enumerate(range(first, first + count, LINES_A_FILE)):
        numbers = f"number >= {start} and number < {start + LINES_A_FILE}"
        some = known.replace("from happened", f"from (from happened where {numbers}) as happened")
        _write(connection, some, folder, entity, name or f"{part:03}")


if __name__ == "__main__":
    write_shop(Path(sys.argv[2]), SCALES[sys.argv[1]])
