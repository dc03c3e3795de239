"""The four outputs with pandas, texts as Arrow's and money as doubles. What has to come out stands in yardstick.py."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from pyarrow import dataset
from pyarrow.dataset import field

from benchmarks.shop import LAST_DAY, TIME_ZONE
from benchmarks.yardstick import CLASSIC_GROUPS, LAPSED_BANDS, WINDOWS

MONEY = ["units", "gross_revenue", "discount_amount", "refund_amount"]
SHARES = [0.2, 0.4, 0.6, 0.8]


def compute(shop: Path, folder: Path) -> None:
    """Write the four outputs."""
    lines = _lines(shop)
    bought = _bought(shop, lines)
    occasions = bought.groupby(["customer", "age"], as_index=False, sort=False).agg(
        orders=("order_id", "size"), **{name: (name, "sum") for name in MONEY}
    )
    occasions["net_revenue"] = (
        occasions["gross_revenue"] - occasions["discount_amount"] - occasions["refund_amount"]
    ).round(2)
    customers = _customers(occasions)
    customers.to_parquet(folder / "customers.parquet")
    _rfm(customers).to_parquet(folder / "rfm.parquet")
    _lapsed(customers, occasions).to_parquet(folder / "lapsed.parquet")
    _affinity(shop, lines, bought).to_parquet(folder / "affinity.parquet")


def _read(shop: Path, entity: str, **columns: object) -> pd.DataFrame:
    files = sorted(map(str, shop.glob(f"{entity}-*.parquet")))
    return (
        dataset.dataset(files).to_table(columns).to_pandas(types_mapper={pa.string(): pd.ArrowDtype(pa.string())}.get)
    )


def _lines(shop: Path) -> pd.DataFrame:
    """Merchandise lines with what was refunded of them."""
    lines = _read(
        shop,
        "order_lines",
        order_line_id=field("order_line_id"),
        order_id=field("order_id"),
        product_id=field("product_id"),
        units=field("quantity"),
        gross_revenue=field("gross_amount").cast("float64"),
        discount_amount=field("discount_amount").cast("float64"),
        is_merchandise=field("is_merchandise"),
    )
    refunds = _read(
        shop, "refunds", order_line_id=field("order_line_id"), refund_amount=field("amount").cast("float64")
    )
    of_lines = refunds.groupby("order_line_id", as_index=False).sum()
    lines = lines[lines.pop("is_merchandise")].merge(of_lines, on="order_line_id", how="left")
    lines["refund_amount"] = lines["refund_amount"].fillna(0.0)
    return lines.drop(columns="order_line_id")


def _bought(shop: Path, lines: pd.DataFrame) -> pd.DataFrame:
    """Valid orders with their money, their customer and the days since."""
    names = ["order_id", "email", "ordered_at", "status", "is_test"]
    orders = _read(shop, "orders", **{name: field(name) for name in names})
    orders = orders[~orders["is_test"] & ~orders["status"].isin(["voided", "cancelled"])]
    totals = lines.groupby("order_id", as_index=False, sort=False)[MONEY].sum()
    bought = orders.merge(totals[totals["gross_revenue"].round(2) > totals["discount_amount"].round(2)], on="order_id")
    bought["customer"] = pd.factorize(bought["email"].str.strip().str.lower())[0]
    days = bought["ordered_at"].dt.tz_localize("UTC").dt.tz_convert(TIME_ZONE).dt.tz_localize(None).dt.normalize()
    bought["age"] = (pd.Timestamp(LAST_DAY) - days).dt.days
    return bought[["order_id", "customer", "age", *MONEY]]


def _customers(occasions: pd.DataFrame) -> pd.DataFrame:
    sums = ["orders", *MONEY, "net_revenue"]
    grouped = occasions.groupby("customer")
    facts = grouped[sums].sum()
    facts["occasions"] = grouped.size()
    facts["days_since_last_order"], facts["tenure_days"] = grouped["age"].min(), grouped["age"].max()
    for days in WINDOWS:
        within = occasions[occasions["age"] < days].groupby("customer")
        window = within[["orders", "units", "net_revenue"]].sum()
        window["occasions"] = within.size()
        facts = facts.join(window.add_suffix(f"_{days}d"), how="left")
    facts = facts.fillna(0)
    for name in ("net_revenue", *(f"net_revenue_{days}d" for days in WINDOWS)):
        facts[name] = facts[name].round(2)
    facts["average_order_value"] = facts["net_revenue"] / facts["orders"]
    last_day = pd.Timestamp(LAST_DAY)
    facts["first_order_date"] = last_day - pd.to_timedelta(facts["tenure_days"], unit="D")
    facts["last_order_date"] = last_day - pd.to_timedelta(facts["days_since_last_order"], unit="D")
    return facts.reset_index()


def _rfm(customers: pd.DataFrame) -> pd.DataFrame:
    recency, money = customers["days_since_last_order"], customers["net_revenue"]
    scored = pd.DataFrame(
        {
            "customer": customers["customer"],
            "recency_days": recency,
            "frequency": customers["orders"],
            "monetary_amount": money,
            "r_score": 5 - np.searchsorted(recency.quantile(SHARES), recency),
            "f_score": 1 + np.searchsorted([1, 2, 3, 5], customers["orders"]),
            "m_score": 1 + np.searchsorted(money.quantile(SHARES), money),
        }
    )
    return scored.merge(pd.read_csv(CLASSIC_GROUPS), on=["r_score", "f_score"])


def _lapsed(customers: pd.DataFrame, occasions: pd.DataFrame) -> pd.DataFrame:
    since, gaps = customers["days_since_last_order"], customers["occasions"] - 1
    gap_days = customers["tenure_days"] - since
    median_gap = (gap_days / gaps)[gaps > 0].median() if gaps.sum() >= 100 else np.nan
    limit = (2 * (gap_days + 2 * median_gap) / (gaps + 2)).round(9)
    last = since.to_numpy()[occasions["customer"]]  # customers are numbered from 0
    stakes = occasions[occasions["age"] < last + 365].groupby("customer")["net_revenue"].sum().round(2)
    is_lapsed = since >= min(LAPSED_BANDS)
    return pd.DataFrame(
        {
            "customer": customers["customer"],
            "days_since_last_order": since,
            "is_lapsed": is_lapsed,
            "lapsed_band": np.select([since >= days for days in LAPSED_BANDS], list(LAPSED_BANDS.values()), None),
            "personal_limit_days": limit,
            "is_personally_lapsed": since >= limit,
            "days_overdue": np.maximum(0, since - np.ceil(limit)),
            "churn_type": np.where(is_lapsed, np.where(customers["occasions"] == 1, "quick", "late"), None),
            "value_at_stake": customers["customer"].map(stakes),
        }
    )


def _affinity(shop: Path, lines: pd.DataFrame, bought: pd.DataFrame) -> pd.DataFrame:
    categories = _read(shop, "categories", **{name: field(name) for name in ("category_id", "parent_category_id")})
    above = categories.set_index("category_id")["parent_category_id"]
    products = _read(shop, "products", product_id=field("product_id"), level_3=field("category_id"))
    products["level_2"] = products["level_3"].map(above)
    products["level_1"] = products["level_2"].map(above)
    names = ["level_1", "level_2", "level_3"]
    products[names] = products[names].apply(lambda column: column.str.slice(1).astype("int16"))

    placed = bought[["order_id", "customer", "age"]].rename_axis("order_number").reset_index()
    items = lines.loc[lines["units"] > 0, ["order_id", "product_id"]]
    items = items.merge(placed, on="order_id").merge(products, on="product_id")
    items["weight"] = 0.5 ** (items.pop("age") / 180)
    whole = items.groupby("customer")["weight"].sum()
    levels = []
    for number, name in enumerate(names, 1):
        of_orders = items.groupby(["customer", "order_number", name], sort=False)["weight"].sum()
        leaning = of_orders.groupby(["customer", name]).agg(orders="size", decayed_lines="sum").reset_index()
        levels.append(leaning.rename(columns={name: "category"}).assign(level=number))
    return _primary(pd.concat(levels, ignore_index=True), whole)


def _primary(shares: pd.DataFrame, whole: pd.Series) -> pd.DataFrame:
    """Shares, shrunk towards the shop's, and which category of each level is a customer's primary one."""
    parts = shares.groupby(["level", "category"])["decayed_lines"].transform("sum")
    shares["shop_share"] = parts / whole.sum()
    of_customer = whole.to_numpy()[shares["customer"]]
    share = (shares["decayed_lines"] + 5 * shares["shop_share"]) / (of_customer + 5)
    shares["share"], shares["lift"] = share.round(9), (share / shares["shop_share"]).round(9)
    may_be_primary = (shares["orders"] >= 2) & (shares["share"] >= 0.3) & (shares["lift"] >= 1.2)
    ordered = shares[may_be_primary].sort_values(
        ["customer", "level", "share", "decayed_lines", "category"], ascending=[True, True, False, False, True]
    )
    first = ordered.drop_duplicates(["customer", "level"]).index
    return shares.assign(may_be_primary=may_be_primary, is_primary=shares.index.isin(first))
