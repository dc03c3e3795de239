"""Time and memory of the probability model by step, at any number of customers: `python -m benchmarks.prediction`.

Customers who live as MBG/NBD says, over three years, with spending as Gamma-Gamma says; each step runs as the pipeline
runs it. Does not belong here: whether the model is right (tests/unit/test_prediction_*.py).
"""

import sys
import tempfile
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.stages import THREADS, build, timed_apart
from dagster_project.home import Home
from dagster_project.prediction.assets import write_backtest, write_prediction
from dagster_project.prediction.rules import load_rules
from dagster_project.transform.project import DBT_FOLDER, DbtProject
from dagster_project.warehouse import open_warehouse

AS_OF = date(2026, 6, 30)
DAYS = 1_095
VARS = {"shop_time_zone": "UTC", "shop_currency": "EUR", "systems": []}


def _posted(customers: int) -> pd.DataFrame:
    """Customer number, day since the start and value of every purchase."""
    chance = np.random.default_rng(1)
    rate, dropout = chance.gamma(1.1, 1 / 42, customers), chance.beta(0.9, 3.0, customers)
    mean = 70 * 5 / chance.gamma(6, 1.0, customers)
    alive, moment = np.arange(customers), chance.uniform(0, DAYS, customers)
    days = []
    while len(alive):
        days.append(
            pd.DataFrame({"customer": alive, "day": moment.astype(int), "value": chance.gamma(6, mean[alive] / 6)})
        )
        stays = chance.random(len(alive)) >= dropout[alive]
        alive, moment = alive[stays], moment[stays] + chance.exponential(1 / rate[alive[stays]])
        in_time = moment < DAYS
        alive, moment = alive[in_time], moment[in_time]
    return pd.concat(days)


def _fill(home: Home, customers: int) -> str:
    posted = _posted(customers)
    with open_warehouse(home.warehouse) as warehouse:
        warehouse.register("posted", posted)
        warehouse.execute(f"""
            create schema core;
            create table core.fct_customer_daily as
            select
                md5(cast(customer as varchar)) as customer_key,
                date '{AS_OF}' - {DAYS - 1} + cast(day as int) as order_date,
                order_date as effective_date,
                cast(1 as bigint) as orders,
                cast(round(sum(value), 2) as decimal(18, 4)) as net_amount
            from posted group by customer, day
        """)
    return f"{len(posted):,} purchases"


def _build(home: Home, *models: str) -> str:
    project = DbtProject(DBT_FOLDER, home, VARS, THREADS)
    return build(project, *models, as_of=AS_OF.isoformat())


def _fit(home: Home) -> str:
    with open_warehouse(home.warehouse) as warehouse:
        warehouse.execute(f"set threads = {THREADS}")
        model, histories = write_prediction(warehouse, home.exchange, AS_OF, load_rules(DBT_FOLDER))
    return f"{histories:,} histories, {model.orders}"


def _backtest(home: Home) -> str:
    with open_warehouse(home.warehouse) as warehouse:
        warehouse.execute(f"set threads = {THREADS}")
        return f"{len(write_backtest(warehouse, home.exchange, AS_OF, load_rules(DBT_FOLDER))):,} rows"


def main(customers: int) -> None:
    """Print one line a step; dbt's own seconds of a model are those without starting and parsing."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        print(f"{customers:,} customers")
        timed_apart("simulated", _fill, home, customers)
        timed_apart("dbt: histories", _build, home, "int_purchase_history", "int_prediction_backtest")
        timed_apart("fitted, expected orders", _fit, home)
        timed_apart("backtest", _backtest, home)
        timed_apart("dbt: scores", _build, home, "prediction_run", "int_expected_orders", "seg_prediction")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
