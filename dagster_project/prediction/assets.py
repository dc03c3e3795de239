"""The probability model as Dagster assets: fitted for a date, and judged at earlier ones.

Reads core.int_purchase_history and core.int_prediction_backtest, writes exchange/prediction_*.parquet, from which dbt
makes the marts. The mathematics and the rules stand beside this file.
"""

import base64
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from dagster import (
    AssetExecutionContext,
    AssetKey,
    AssetsDefinition,
    AssetSpec,
    BackfillPolicy,
    MaterializeResult,
    MetadataValue,
    PartitionsDefinition,
    asset,
    multi_asset,
)

from dagster_project import sql
from dagster_project.automation import run_dates
from dagster_project.home import Home
from dagster_project.owners import CUSTOMER_ANALYTICS
from dagster_project.parquet import standing_file, write_parquet
from dagster_project.prediction.rules import Rules, load_rules
from dagster_project.transform.assets import WRITER_POOL
from dagster_project.transform.project import DbtProject
from dagster_project.transform.translator import exchange_file, exchange_key
from dagster_project.warehouse import check_as_of, open_warehouse

if TYPE_CHECKING:
    import pandas
    from duckdb import DuckDBPyConnection

    from dagster_project.prediction.fitting import Fitted

RUN, EXPECTED, BACKTEST = (exchange_key(f"prediction_{name}") for name in ("run", "expected_orders", "backtest"))
HISTORY_TABLE = "core.int_purchase_history"
HISTORIES = """
    select repeat_occasions, btyd_recency_days, btyd_age_days, count(*) as customers
    from core.int_purchase_history where history_date = ? group by all order by all
"""
VALUES = """
    select value_occasions, cast(mean_occasion_value as double) as mean_occasion_value, count(*) as customers
    from core.int_purchase_history where history_date = ? and value_occasions > 0 group by all order by all
"""
FIRST_ORDER = "select min(first_order_date) from core.int_purchase_history where history_date = ?"
EARLIER_DATES = "select distinct history_date from core.int_prediction_backtest order by history_date desc"
JUDGED = """
    select * exclude (as_of_date, history_date, customer_key) replace (
        cast(mean_occasion_value as double) as mean_occasion_value, cast(net_revenue as double) as net_revenue,
        cast(next_net_revenue as double) as next_net_revenue
    )
    from core.int_prediction_backtest where history_date = ? order by customer_key limit ?
"""


def build_prediction_assets(project: DbtProject, home: Home, daily: PartitionsDefinition) -> list[AssetsDefinition]:
    """The fitted model with what it expects, and the backtest, as of the run's date."""
    common = {
        "partitions_def": daily,
        "backfill_policy": BackfillPolicy.single_run(),
        "pool": WRITER_POOL,
    }
    about = {"group_name": "segments", "kinds": {"scipy", "parquet"}, "owners": CUSTOMER_ANALYTICS}
    # The gate is on the histories: what does not pass it is not predicted from.
    histories = AssetKey(["core", "int_purchase_history"])

    @multi_asset(
        name="exchange__prediction",
        specs=[
            AssetSpec(RUN, deps=[histories], description="The probability model as fitted for the date.", **about),
            AssetSpec(
                EXPECTED, deps=[histories], description="The orders that it expects, by history of purchases.", **about
            ),
        ],
        **common,
    )
    def prediction(context: AssetExecutionContext) -> Iterator[MaterializeResult]:
        """Fit the probability model on the purchases until the date."""
        written = refresh_prediction(project, home, run_dates(context)[-1])
        if written is None:
            for key in (RUN, EXPECTED):
                yield MaterializeResult(asset_key=key, metadata=standing_file(exchange_file(home, key)))
            return
        fitted, expected = written
        for refusal in dict.fromkeys(filter(None, (fitted.orders_refusal, fitted.value_refusal))):
            context.log.warning(f"Not predicted: {refusal}.")
        yield MaterializeResult(asset_key=RUN, metadata=_metadata(fitted))
        yield MaterializeResult(asset_key=EXPECTED, metadata={"dagster/row_count": expected})

    @asset(key=BACKTEST, deps=[histories, AssetKey(["core", "int_prediction_backtest"])], **about, **common)
    def prediction_backtest(context: AssetExecutionContext) -> MaterializeResult:
        """What the model would have said at earlier dates, against what came and against simpler predictions."""
        as_of, rules = run_dates(context)[-1], load_rules(project.folder)
        file, tables = home.exchange / "prediction_backtest.parquet", [HISTORY_TABLE, "core.int_prediction_backtest"]
        made = project.made("exchange.prediction_backtest", file, tables, as_of)
        if made.stands():
            return MaterializeResult(metadata=standing_file(file))
        with open_warehouse(home.warehouse) as warehouse:
            check_as_of(warehouse, as_of, {"int_purchase_history": "core", "int_prediction_backtest": "core"})
            rows = write_backtest(warehouse, home.exchange, as_of, rules)
        made.note()
        return MaterializeResult(metadata={"dagster/row_count": len(rows), **_picture(rows)})

    return [prediction, prediction_backtest]


def refresh_prediction(project: DbtProject, home: Home, as_of: date) -> tuple["Fitted", int] | None:
    """Fit the model for a date, unless what stands is made from the same; returns what write_prediction does, or None.

    Raises AsOfError where the warehouse holds the purchases of another date.
    """
    made = project.made("exchange.prediction", home.exchange / "prediction_run.parquet", [HISTORY_TABLE], as_of)
    if made.stands():
        return None
    with open_warehouse(home.warehouse) as warehouse:
        check_as_of(warehouse, as_of, {"int_purchase_history": "core"})
        written = write_prediction(warehouse, home.exchange, as_of, load_rules(project.folder))
    made.note()
    return written


def write_prediction(
    connection: "DuckDBPyConnection", exchange: Path, as_of: date, rules: Rules
) -> tuple["Fitted", int]:
    """Fit the model for a date and write prediction_run and prediction_expected_orders; returns the model and how many
    histories it was applied to."""
    import pandas

    from dagster_project.prediction.fitting import HISTORY, fit

    histories, values = (connection.execute(query, [as_of]).df() for query in (HISTORIES, VALUES))
    (first_order_date,) = connection.execute(FIRST_ORDER, [as_of]).fetchone()
    fitted = fit(histories, values, rules)
    dates = {"as_of_date": as_of, "process": rules.prediction_process, "first_order_date": first_order_date}
    run = pandas.DataFrame([{**dates, **fitted.columns()}])
    _write(connection, exchange, "prediction_run", run)

    expected = histories[HISTORY] if fitted.orders_refusal is None else histories[HISTORY].head(0)
    history = [expected[name].to_numpy(float) for name in HISTORY]
    for days in rules.prediction_windows_days:
        orders = fitted.orders.expected_orders(*history, days) if len(expected) else 0.0
        expected = expected.assign(**{f"expected_orders_{days}d": orders})
    return fitted, _write(connection, exchange, "prediction_expected_orders", expected)


def write_backtest(connection: "DuckDBPyConnection", exchange: Path, as_of: date, rules: Rules) -> "pandas.DataFrame":
    """Judge the model at every earlier date and write prediction_backtest; returns its rows."""
    import pandas

    from dagster_project.prediction.backtest import MEASURED, backtest

    dates = [day for (day,) in connection.execute(EARLIER_DATES).fetchall()]
    judged = [
        backtest(
            connection.execute(HISTORIES, [day]).df(),
            connection.execute(VALUES, [day]).df(),
            connection.execute(JUDGED, [day, rules.backtest_max_customers]).df(),
            rules,
        ).assign(history_date=pandas.Timestamp(day))
        for day in dates
    ]
    rows = pandas.concat(judged) if judged else pandas.DataFrame(columns=["history_date", *MEASURED])
    rows = rows.assign(as_of_date=as_of)
    _write(connection, exchange, "prediction_backtest", rows)
    return rows


def _write(connection: "DuckDBPyConnection", exchange: Path, name: str, rows: "pandas.DataFrame") -> int:
    connection.register(name, rows)
    return write_parquet(connection, f"from {sql.name(name)}", exchange / f"{name}.parquet")


def _metadata(fitted: "Fitted") -> Mapping[str, object]:
    """What the UI shows of a fit: numbers of the shop, none of a customer."""
    said = {name: value for name, value in fitted.columns().items() if value is not None}
    return {"dagster/row_count": 1, **said}


def _picture(rows: "pandas.DataFrame") -> Mapping[str, MetadataValue]:
    """The latest earlier date at which the model could be judged, as a picture; nothing where it never could."""
    from dagster_project.prediction.chart import backtest_picture

    judged = rows[rows["measure"] != "refused"]
    if judged.empty:
        return {}
    latest = judged["history_date"].max()
    png = base64.b64encode(backtest_picture(judged[judged["history_date"] == latest])).decode()
    alternative = f"Calibration and captured revenue, predicted on {latest:%Y-%m-%d}"
    return {"picture": MetadataValue.md(f"![{alternative}](data:image/png;base64,{png})")}
