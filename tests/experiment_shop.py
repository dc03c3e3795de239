"""A small shop for tests of experiments: a home with the snapshot of an eve, and a warehouse with what they read.

What has to come of it does not belong here.
"""

from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from dagster_project.experiments.config import Experiment
from dagster_project.experiments.results import assign_and_judge
from dagster_project.home import Home

START, HORIZON_DAYS = date(2026, 3, 2), 28
EVE, END = START - timedelta(days=1), START + timedelta(days=HORIZON_DAYS - 1)
CUSTOMERS = 400
EXPERIMENT = Experiment(
    name="spring",
    segment="vip",
    arms={"control": 0.5, "treatment": 0.5},
    start=START,
    metric="net_revenue",
    horizon_days=HORIZON_DAYS,
    split_by="country",
)
TOLD = ["control_mean", "difference", "p_value", "cuped_difference", "holm_p_value", "is_significant", "verdict"]


def key(number: int) -> str:
    return f"customer-{number:04}"


def snapshot(customers: int = CUSTOMERS) -> pd.DataFrame:
    """Everybody whose number is no multiple of ten is a VIP; a third each has the country DE, FR and none."""
    numbers = range(customers)
    return pd.DataFrame(
        {
            "customer_key": [key(number) for number in numbers],
            "as_of_date": EVE,
            "country": [("DE", "FR", None)[number % 3] for number in numbers],
            "vip": [number % 10 > 0 for number in numbers],
        }
    )


class Shop:
    """A home and a warehouse with what experiments read."""

    def __init__(self, folder: Path, days: pd.DataFrame) -> None:
        self.home = Home(folder)
        self.warehouse = duckdb.connect()
        self.put_snapshot(snapshot())
        addresses = pd.DataFrame({"customer_key": [key(number) for number in range(CUSTOMERS) if number % 4 != 1]})
        has_email = [int(key[-4:]) % 4 > 0 for key in addresses["customer_key"]]
        addresses["email"] = (addresses["customer_key"] + "@example.com").where(has_email)
        self.warehouse.execute("create schema core")
        self.warehouse.register("given_days", days)
        self.warehouse.register("given_addresses", addresses)
        self.warehouse.execute("create table core.fct_customer_daily as from given_days")
        self.warehouse.execute("create table core.int_customer_address as from given_addresses")
        self.warehouse.execute("create table core.int_customer_redirect (former_key varchar, customer_key varchar)")

    def put_snapshot(self, rows: pd.DataFrame) -> None:
        path = self.home.snapshot(EVE)
        path.parent.mkdir(parents=True, exist_ok=True)
        rows.to_parquet(path)

    def treat(self, amount: float) -> None:
        """Everybody drawn into the treatment orders for that much on the first day."""
        self.warehouse.execute(
            f"""
            insert into core.fct_customer_daily by name
            select customer_key, $1 as order_date, $1 as effective_date, 1 as orders, $2 as net_amount
            from '{self.home.assignment("spring")}' where arm = 'treatment'
            """,
            [START, amount],
        )

    def judge(self, as_of: date, *experiments: Experiment) -> pd.DataFrame:
        """What is said on a date, by segment."""
        rows = assign_and_judge(self.warehouse, self.home, as_of, experiments or [EXPERIMENT])
        return rows.set_index("segment")

    def drawn(self, name: str = "spring") -> pd.DataFrame:
        return pd.read_parquet(self.home.assignment(name)).set_index("customer_key")


def simulated_days() -> pd.DataFrame:
    """What customers did from half a year before to a month after the experiment, refunds some days later included."""
    chance = np.random.default_rng(7)
    count = 6_000
    ordered = [START + timedelta(days=int(day)) for day in chance.integers(-180, 60, count)]
    later = [day + timedelta(days=int(wait)) for day, wait in zip(ordered, chance.integers(0, 40, count), strict=True)]
    is_refund = chance.random(count) < 0.2
    amount = chance.gamma(2.0, 20.0, count).round(2)
    return pd.DataFrame(
        {
            "customer_key": [key(number) for number in chance.integers(0, CUSTOMERS, count)],
            "order_date": ordered,
            "effective_date": np.where(is_refund, later, ordered),
            "orders": np.where(is_refund, np.where(chance.random(count) < 0.5, -1, 0), 1),
            "net_amount": np.where(is_refund, -amount / 2, amount),
        }
    ).astype({"order_date": "datetime64[us]", "effective_date": "datetime64[us]"})
