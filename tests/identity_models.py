"""dbt's models of identity on a warehouse in memory, whose contract a test fills with landed rows.

Belongs here: what the contract makes of a row, in short: the newest version counts, and a faulty one is quarantined.
Does not belong here: who ought to be one customer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

import duckdb
import pandas as pd
from exchange_files import write_empty_exchange

from dagster_project.home import Home
from dagster_project.transform.identity import write_components
from dagster_project.transform.phone import write_phones
from dagster_project.transform.project import DBT_FOLDER, DbtProject

MOST = 2  # others that a key may join
SHOP_COUNTRY = "DE"
CONTRACT = ("customers", "contacts", "orders", "checkouts", "refunds", "erasure_requests")
BEFORE_COMPONENTS = ("int_identity_phone", "int_identity_origin", "int_identity_link")
AFTER_COMPONENTS = ("int_identity", "int_customer_redirect")
OF_ERASURE = ("int_erased_record", "int_erased_identifier")
SYSTEM = {"platform": "none", "entities": [], "tables": [], "shop": "shop"}
VARS = {
    "shop_time_zone": "UTC",
    "shop_currency": "EUR",
    "systems": [{**SYSTEM, "name": "shop"}, {**SYSTEM, "name": "crm"}],
    "identity_max_records_per_key": MOST,
}
FIRST_DAY = datetime(2026, 6, 1)
# The contract's names of what a row says, per entity.
COLUMNS = {
    "customers": {"id": "customer_id", "recorded_at": "created_at", "country": "country"},
    "contacts": {"id": "contact_id", "recorded_at": "created_at", "customer": "shop_customer_id", "country": "country"},
    "orders": {"id": "order_id", "recorded_at": "ordered_at", "customer": "customer_id", "country": "country"},
    "checkouts": {"id": "checkout_id", "recorded_at": "started_at", "customer": "customer_id"},
}
SAME_NAMES = ("source_system", "email", "phone", "updated_at", "loaded_at", "landed_as_of", "row_hash", "outcome")


class Row(NamedTuple):
    """A landed version of a record of the shop or the CRM; `customer` is whom an order or a contact names."""

    entity: str
    id: str
    customer: str | None = None
    email: str | None = None
    phone: str | None = None
    is_faulty: bool = False
    country: str | None = None

    @property
    def system(self) -> str:
        return "crm" if self.entity == "contacts" else "shop"

    @property
    def recorded(self) -> int:
        """When it says that it was created, in days; another order than that of ids."""
        return 10 - int(self.id)


Day = tuple[Row, ...]


@dataclass(frozen=True)
class Answer:
    """What the models say: the customer of each record, the record of each origin, and the customer of former keys."""

    customer_of_record: Mapping[str, str]
    record_of_origin: Mapping[str, str]
    redirect: Mapping[str, str]

    @property
    def customers(self) -> set[str]:
        return set(self.customer_of_record.values())

    @property
    def customer_of_origin(self) -> dict[str, str]:
        return {origin: self.customer_of_record[record] for origin, record in self.record_of_origin.items()}

    def members(self) -> dict[str, set[str]]:
        """The origins of each customer."""
        found: dict[str, set[str]] = {}
        for origin, customer in self.customer_of_origin.items():
            found.setdefault(customer, set()).add(origin)
        return found


class IdentityModels:
    """The models as dbt compiles them, asked again and again without dbt."""

    def __init__(self, home: Home) -> None:
        write_empty_exchange(home)
        project = DbtProject(DBT_FOLDER, home, VARS, threads=2)
        results = project.build(
            ["+int_phone_spelling", "+int_identity_link", "+int_customer_redirect", "+int_erased_identifier"]
        )
        assert {str(result.status) for result in results} <= {"success", "pass"}
        self._sql = {result.node.name: result.node.compiled_code for result in results}
        self._exchange = home.exchange
        self._warehouse = duckdb.connect()
        self._warehouse.execute("attach ':memory:' as warehouse")
        self._warehouse.execute(f"attach '{home.warehouse}' as built (read_only)")
        self._warehouse.execute("use warehouse")
        for schema in ("contract", "core"):
            self._warehouse.execute(f"create schema {schema}")
        for entity in CONTRACT:
            self._warehouse.execute(f"create table contract.{entity}_rows as from built.contract.{entity}_rows")

    def close(self) -> None:
        """Give the memory back."""
        self._warehouse.close()

    def of(self, days: list[Day], backward: bool = False) -> Answer:
        """What the models make of everything that landed until the last day; `backward`: of its rows in reverse."""
        versions = _versions(days)
        for entity in COLUMNS:
            rows = versions[versions["entity"] == entity]
            self._fill(entity, rows[::-1] if backward else rows)
        self._build("contract", "int_phone_spelling")
        write_phones(self._warehouse, self._exchange / "phone.parquet", SHOP_COUNTRY)
        for model in BEFORE_COMPONENTS:
            self._build("core", model)
        write_components(self._warehouse, self._exchange / "identity_component.parquet")
        for model in AFTER_COMPONENTS:
            self._build("core", model)
        return Answer(
            self._pairs("record_key, customer_key", "int_identity"),
            self._pairs("origin_key, record_key", "int_identity_origin"),
            self._pairs("former_key, customer_key", "int_customer_redirect"),
        )

    def erased(self, day: Day, request: Mapping[str, str]) -> set[tuple[str, str | None, str]]:
        """Kind, system and value of everything that a request of the CRM's, which came with the day, erases."""
        given = {"source_system": "crm", "request_id": "1", "outcome": "kept", "is_deleted": False, **request}
        self._warehouse.register("requested", pd.DataFrame([given]))
        self._warehouse.execute("truncate contract.erasure_requests_rows")
        self._warehouse.execute("insert into contract.erasure_requests_rows by name select * from requested")
        self._warehouse.execute(
            "create or replace table contract.erasure_requests as from contract.erasure_requests_rows"
        )
        self.of([day])
        for model in OF_ERASURE:
            self._build("core", model)
        self._warehouse.execute("truncate contract.erasure_requests_rows")
        found = self._warehouse.execute("select kind, source_system, value from core.int_erased_identifier")
        return set(found.fetchall())

    def _fill(self, entity: str, rows: pd.DataFrame) -> None:
        filled = rows[[*COLUMNS[entity], *SAME_NAMES]].rename(columns=COLUMNS[entity])
        self._warehouse.register("filled", filled)
        self._warehouse.execute(f"truncate contract.{entity}_rows")
        self._warehouse.execute(f"insert into contract.{entity}_rows by name select * from filled")

    def _build(self, schema: str, model: str) -> None:
        self._warehouse.execute(f"create or replace table {schema}.{model} as {self._sql[model]}")

    def _pairs(self, columns: str, model: str) -> dict[str, str]:
        pairs = self._warehouse.execute(f"select {columns} from core.{model}").fetchall()
        found = dict(pairs)
        assert len(found) == len(pairs), f"{model} has two rows of one key"
        return found


def outcome(row: Row, later: list[Day]) -> str:
    """What the contract makes of a row: kept or, where faulty, quarantined while newest; superseded afterwards."""
    if any((other.entity, other.id) == (row.entity, row.id) for day in later for other in day):
        return "superseded"
    return "quarantined" if row.is_faulty else "kept"


def _versions(days: list[Day]) -> pd.DataFrame:
    rows = [
        {
            **row._asdict(),
            "source_system": row.system,
            "recorded_at": FIRST_DAY - timedelta(days=100 - row.recorded),
            "updated_at": FIRST_DAY + timedelta(days=number),
            "loaded_at": FIRST_DAY + timedelta(days=number, hours=23),
            "landed_as_of": (FIRST_DAY + timedelta(days=number)).date(),
            "row_hash": str(row),
            "outcome": outcome(row, days[number + 1 :]),
        }
        for number, day in enumerate(days)
        for row in day
    ]
    return pd.DataFrame(rows, columns=["entity", "id", "customer", "country", "recorded_at", *SAME_NAMES])
