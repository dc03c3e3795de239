"""What staging makes of the demo's tables, against the tables themselves by pandas, after two landings.

Belongs here: the mapping of the demo's two platforms. What the contract and core make of it does not.
"""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date, datetime, time
from pathlib import Path

import duckdb
import pandas as pd
import pytest
import yaml
from demo_files import local_dates, properties, read_crm, read_shop

from dagster_project.demo.clock import Simulation
from dagster_project.demo.simulate import simulate
from dagster_project.home import Home
from dagster_project.settings import Settings
from dagster_project.sources.config import Source, load_source
from dagster_project.sources.landing import Load, land
from dagster_project.sources.readers import open_system
from dagster_project.transform.project import DBT_FOLDER, DbtProject, dbt_vars

DAYS = [date(2025, 12, 30), date(2026, 1, 2)]
PLATFORMS = ["demo_shop", "demo_crm"]


@pytest.fixture(scope="module")
def source() -> Source:
    return load_source(Settings(source="demo"))


@pytest.fixture(scope="module")
def home(tmp_path_factory, source) -> Home:
    """A small shop, landed on two days, and the views of its staging."""
    home = Home(tmp_path_factory.mktemp("home"))
    simulation = Simulation(seed=7, customers=400, start=date(2024, 7, 1), end=date(2026, 6, 30))
    for day in DAYS:
        simulate(home.demo, simulation, day, source.time_zone)
        _leave_a_payment_open(home)
        _land(source, home, day)
    project = DbtProject(DBT_FOLDER, home, dbt_vars(source), threads=1)
    results = project.build([*(f"staging.{platform}" for platform in PLATFORMS), "demo_shop_non_merchandise"])
    assert all(result.status in ("success", "pass") for result in results)
    return home


def _leave_a_payment_open(home: Home) -> None:
    """Of the first order with two payments one is never captured."""
    with closing(sqlite3.connect(home.demo / "shop.sqlite")) as shop, shop:
        shop.execute("""
            update payments set captured_at = null
            where id = (select min(id) from payments group by order_id having count(*) = 2 order by 1 limit 1)
        """)


def _land(source: Source, home: Home, day: date) -> None:
    load = Load(id=f"run-{day}", loaded_at=datetime.combine(day, time(23, 30)), as_of=day)
    for system in source.systems:
        with open_system(system, home) as reader:
            for name, table in system.tables.items():
                folder, rejects = home.raw(system.name, name), home.rejects(system.name, name)
                landing = land(reader, name, table, folder, rejects, load)
                assert not landing.missing_columns


@pytest.fixture(scope="module")
def staged(home) -> Callable[[str], pd.DataFrame]:
    """All rows of a staging model, or only the newest version per key."""

    def read(name: str, key: str | None = None) -> pd.DataFrame:
        with duckdb.connect(str(home.warehouse), read_only=True) as connection:
            connection.execute("set TimeZone = 'UTC'")
            rows = connection.execute(f"select * from staging.stg_{name}").df()
        if not key:
            return rows
        return rows.sort_values(["updated_at", "_loaded_at"]).groupby(key).tail(1).set_index(key)

    return read


@pytest.fixture(scope="module")
def shop(home) -> dict[str, pd.DataFrame]:
    return read_shop(home.demo)


@pytest.fixture(scope="module")
def crm(home) -> dict[str, pd.DataFrame]:
    return {kind: properties(objects) for kind, objects in read_crm(home.demo).items()}


def cents(amounts: pd.Series) -> pd.Series:
    """Decimal amounts as whole cents; fails where one is not whole."""
    hundredfold = amounts.astype(float) * 100
    assert (hundredfold - hundredfold.round()).abs().max() < 1e-6
    return hundredfold.round().astype("int64")


def without_tax(gross: int, basis_points: int) -> int:
    """Whole cents without the tax in them, halves away from zero, in whole numbers only."""
    return (2 * gross * 10_000 + 10_000 + basis_points) // (2 * (10_000 + basis_points))


def spread(total: int, values: list[int]) -> list[int]:
    """A total over values in cents: all but the last of any value rounded, the last takes what remains."""
    last = max(place for place, value in enumerate(values) if value)
    parts = [(2 * total * value + sum(values)) // (2 * sum(values)) for value in values]
    return [*parts[:last], total - sum(parts[:last]), *[0] * (len(values) - last - 1)]


def test_every_raw_row_has_one_destination(source, home, staged):
    destinations = {
        name: model.stem.removeprefix("stg_")
        for platform in PLATFORMS
        for model in (DBT_FOLDER / "models" / "staging" / platform).glob("stg_*.sql")
        for name in [f"{platform}/{_raw_table(model)}"]
    }
    for system in source.systems:
        for name, table in system.tables.items():
            raw_table = f"{system.name}/{name}"
            assert table.lookup != (raw_table in destinations), raw_table
            if table.lookup:
                continue
            with duckdb.connect() as connection:
                landed = connection.sql(f"select * from read_parquet('{home.raw(system.name, name)}/*.parquet')").df()
            rows = staged(destinations[raw_table])
            assert len(rows) == len(landed), raw_table
            assert set(rows["_raw_table"]) <= {raw_table}
            assert set(rows["_as_of"].dt.date) <= set(DAYS)


def _raw_table(model: Path) -> str:
    """The first table that a model reads: the one whose rows it maps."""
    return model.read_text().split("{{ raw('")[1].split("', '")[1].split("'")[0]


def test_order_lines_are_without_tax_and_bear_their_whole_discount(shop, staged):
    items = shop["order_items"].assign(gross=lambda rows: rows["quantity"] * rows["unit_price_cents"])
    adjustments = shop["order_adjustments"]
    sales = adjustments.dropna(subset="order_item_id").groupby("order_item_id")["amount_cents"].sum()
    coupons = adjustments[adjustments["order_item_id"].isna()].groupby("order_id")["amount_cents"].sum()
    items["sale"] = items["id"].map(sales).fillna(0).astype(int)
    items["coupon"] = 0
    for order_id, coupon in coupons.items():
        lines = items[items["order_id"] == order_id]
        items.loc[lines.index, "coupon"] = spread(coupon, list(lines["gross"] - lines["sale"]))
    rates = items["tax_rate_bp"]
    gross = [without_tax(value, rate) for value, rate in zip(items["gross"], rates, strict=True)]
    discount = [without_tax(value, rate) for value, rate in zip(items["sale"] + items["coupon"], rates, strict=True)]
    tax = items["gross"] - items["sale"] - items["coupon"] - pd.Series(gross) + pd.Series(discount)

    lines = staged("demo_shop__order_lines", "order_line_id").loc[items["id"].astype(str)]
    assert list(cents(lines["gross_amount"])) == gross
    assert list(cents(lines["discount_amount"])) == discount
    assert list(cents(lines["tax_amount"])) == list(tax)
    assert {0, 700, 810, 1900} <= set(rates)
    assert len(coupons) > 50

    kinds = shop["product_variants"].merge(shop["products"], left_on="product_id", right_on="id", suffixes=("", "_of"))
    variants = kinds.set_index("id").loc[items["variant_id"]]
    assert list(lines["product_id"]) == list(variants["product_id"].astype(str))
    assert list(lines["sku"]) == list(variants["sku"])
    assert list(lines["is_merchandise"]) == list(variants["kind"] == "goods")


def test_lines_shipping_and_tax_make_the_total_of_every_order(staged):
    lines = staged("demo_shop__order_lines", "order_line_id")
    orders = staged("demo_shop__orders", "order_id")
    sums = {
        column: cents(lines[column]).groupby(lines["order_id"]).sum().loc[orders.index]
        for column in ("gross_amount", "discount_amount", "tax_amount")
    }
    shipping, tax, total = (cents(orders[column]) for column in ("shipping_amount", "tax_amount", "total_amount"))
    assert (cents(orders["discount_amount"]) == sums["discount_amount"]).all()
    assert (sums["gross_amount"] - sums["discount_amount"] + shipping + tax == total).all()
    assert (tax[shipping == 0] == sums["tax_amount"][shipping == 0]).all()
    assert (tax[shipping > 0] >= sums["tax_amount"][shipping > 0]).all()


def test_orders(shop, staged):
    source = shop["orders"].set_index(shop["orders"]["id"].astype(str))
    orders = staged("demo_shop__orders", "order_id").loc[source.index]
    accepted = _accepted("orders", "status")
    words = {"new": "pending", "shipped": "fulfilled", "delivered": "fulfilled", "payment_failed": "voided",
             "returned": "refunded", "partly_returned": "partially_refunded"}  # fmt: skip
    assert list(orders["status"]) == [words.get(status, status) for status in source["status"]]
    assert set(orders["status"]) == accepted
    assert list(orders["ordered_at"]) == list(pd.to_datetime(source["placed_at"]))
    assert list(orders["is_deleted"]) == list(source["deleted_at"].notna())
    assert list(orders["is_test"]) == list(source["is_test"] == 1)
    assert orders["email"].dropna().str.contains("@").all()
    assert (orders["email"].isna() == ~source["email"].str.contains("@", na=False)).all()
    addresses = shop["addresses"].set_index("id").loc[source["shipping_address_id"]]
    assert list(orders["country"]) == list(addresses["country_code"])
    assert set(orders["currency"].dropna()) == {"EUR", "CHF", "GBP", "USD"}

    captured_at = pd.to_datetime(shop["payments"]["captured_at"])
    payments = captured_at.groupby(shop["payments"]["order_id"])
    paid_at = payments.max().where(payments.count() == payments.size()).reindex(source["id"])
    assert [str(at) for at in orders["paid_at"]] == [str(at) for at in paid_at]


def test_refunds_split_what_they_pay_back(shop, staged):
    items = shop["refund_items"].set_index(shop["refund_items"]["id"].astype(str))
    refunds = staged("demo_shop__refunds", "refund_id").loc[items.index]
    assert (cents(refunds["amount"]) + cents(refunds["other_amount"]) == items["amount_cents"]).all()
    is_shipping = items["kind"] == "shipping"
    assert is_shipping.any()
    assert (cents(refunds["amount"])[is_shipping] == 0).all()
    assert (cents(refunds["other_amount"])[~is_shipping] == items["tax_cents"][~is_shipping]).all()
    headers = shop["refunds"].set_index("id").loc[items["refund_id"]]
    assert list(refunds["order_id"]) == list(headers["order_id"].astype(str))
    assert list(refunds["refunded_at"]) == list(pd.to_datetime(headers["refunded_at"]))

    # All pieces of a line paid back leave nothing of it.
    lines = staged("demo_shop__order_lines", "order_line_id")
    whole = refunds.dropna(subset="order_line_id").join(lines, on="order_line_id", rsuffix="_line")
    whole = whole[whole["quantity"] == whole["quantity_line"]]
    assert len(whole) > 20
    assert (cents(whole["amount"]) == cents(whole["gross_amount"]) - cents(whole["discount_amount"])).all()


def test_checkouts(shop, staged):
    items = shop["cart_items"]
    kept = items[items["deleted_at"].isna()]
    values = [
        without_tax(quantity * price, rate)
        for quantity, price, rate in zip(kept["quantity"], kept["unit_price_cents"], kept["tax_rate_bp"], strict=True)
    ]
    value = pd.Series(values, index=kept["cart_id"].astype(str)).groupby(level=0).sum()
    checkouts = staged("demo_shop__checkouts", "checkout_id")
    assert (cents(checkouts["value"]) == value.loc[checkouts.index]).all()
    assert (checkouts["completed_order_id"].notna().sum()) == (shop["carts"]["status"] == "converted").sum()
    lines = staged("demo_shop__checkout_lines")
    assert not lines[["checkout_id", "product_id", "updated_at"]].duplicated().any()
    assert lines["is_deleted"].sum() == items["deleted_at"].notna().sum()


def test_customers_products_categories_and_rates(shop, staged):
    source = shop["customers"].set_index(shop["customers"]["id"].astype(str))
    customers = staged("demo_shop__customers", "customer_id").loc[source.index]
    addresses = shop["addresses"].set_index("id").loc[source["default_address_id"]]
    assert list(customers["city"]) == list(addresses["city"])
    assert list(customers["is_deleted"]) == list(source["deleted_at"].notna())
    words = {"f": "female", "m": "male", "x": "other"}
    assert list(customers["gender"].fillna("")) == [words.get(gender, "") for gender in source["gender"]]
    assert list(customers["language"]) == list(source["locale"].str[:2])

    products = staged("demo_shop__products", "product_id")
    variants = shop["product_variants"].groupby("product_id")
    ids = products.index.astype(int)
    assert list(cents(products["price"])) == list(variants["price_cents"].min().loc[ids])
    assert list(products["stock_quantity"].astype(int)) == list(variants["stock_quantity"].sum().loc[ids])

    parents = staged("demo_shop__categories", "category_id")["parent_category_id"]
    levels = [0 if pd.isna(parent) else 1 if pd.isna(parents[parent]) else 2 for parent in parents]
    assert set(levels) == {0, 1, 2}

    rates = staged("demo_shop__exchange_rates")
    assert set(rates["to_currency"]) == {"EUR"}
    assert len(rates) == len(shop["exchange_rates"])
    assert list(rates["rate"].astype(float).sort_values()) == list(shop["exchange_rates"]["rate_to_main"].sort_values())


def test_crm(crm, staged):
    contacts = staged("demo_crm__contacts", "contact_id").loc[crm["contacts"]["id"]]
    assert list(contacts["shop_customer_id"].fillna("")) == list(crm["contacts"]["shop_customer_id"].fillna(""))
    assert list(contacts["country"]) == list(crm["contacts"]["hs_country_region_code"])
    assert list(contacts["is_deleted"]) == list(crm["contacts"]["archived"])
    assert set(contacts["gender"].dropna()) == {"female", "male"}

    consents = staged("demo_crm__consents")
    assert set(consents["status"]) == _accepted("consents", "status")
    assert set(consents["channel"]) == {"email", "sms", "ads", "post", "push"}
    granted = (crm["consents"]["subscription_status"] == "SUBSCRIBED").sum()
    assert (consents["status"] == "granted").sum() == granted

    messages = staged("demo_crm__messages")
    unknown = set(messages["event_type"]) - _accepted("messages", "event_type")
    assert unknown <= {"deferred"}
    assert messages["is_machine"].sum() == (crm["messages"]["is_machine"] == "true").sum()
    assert set(local_dates(messages["occurred_at"])) <= set(pd.date_range("2024-07-01", DAYS[-1]).date)
    campaigns = staged("demo_crm__campaigns", "campaign_id")
    assert set(messages["campaign_id"]) <= set(campaigns.index)
    assert (campaigns["ended_at"].dropna() > campaigns["started_at"][campaigns["ended_at"].notna()]).all()


def _accepted(entity: str, column: str) -> set[str]:
    """The values that the contract accepts."""
    path = DBT_FOLDER / "models" / "contract" / f"_{entity}.yml"
    models = yaml.load(path.read_text(), yaml.CSafeLoader)["models"]
    found = next(one for one in models[0]["columns"] if one["name"] == column)
    return set(found["config"]["meta"]["accepted"])
