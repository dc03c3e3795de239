"""The four outputs with Polars, lazily and streaming. What has to come out stands in yardstick.py."""

from pathlib import Path

import polars as pl

from benchmarks.shop import LAST_DAY, TIME_ZONE
from benchmarks.yardstick import CLASSIC_GROUPS, LAPSED_BANDS, WINDOWS

MONEY = ["units", "gross_revenue", "discount_amount", "refund_amount"]
SHARES = [0.2, 0.4, 0.6, 0.8]
NET = pl.col("gross_revenue") - pl.col("discount_amount") - pl.col("refund_amount")


def compute(shop: Path, folder: Path) -> None:
    """Write the four outputs."""
    bought = _bought(shop).collect(engine="streaming").with_row_index("order_number")
    bought = bought.with_columns(customer=pl.col("email").rank("dense")).drop("email").lazy()
    occasions = bought.group_by("customer", "age").agg(pl.len().alias("orders"), pl.col(MONEY).sum())
    occasions = occasions.with_columns(net_revenue=NET).collect(engine="streaming").lazy()
    customers = _customers(occasions).collect(engine="streaming")
    customers.write_parquet(folder / "customers.parquet")
    _rfm(customers).write_parquet(folder / "rfm.parquet")
    _lapsed(customers, occasions).collect(engine="streaming").write_parquet(folder / "lapsed.parquet")
    _affinity(shop, bought).write_parquet(folder / "affinity.parquet")


def _scan(shop: Path, entity: str) -> pl.LazyFrame:
    return pl.scan_parquet(shop / f"{entity}-*.parquet")


def _bought(shop: Path) -> pl.LazyFrame:
    """Valid orders with their money, their customer and the days since."""
    refunds = _scan(shop, "refunds").group_by("order_line_id").agg(pl.col("amount").sum().alias("refund_amount"))
    totals = (
        _scan(shop, "order_lines")
        .filter("is_merchandise")
        .join(refunds, on="order_line_id", how="left")
        .group_by("order_id")
        .agg(
            pl.col("quantity").sum().alias("units"),
            pl.col("gross_amount").sum().alias("gross_revenue"),
            pl.col("discount_amount").sum(),
            pl.col("refund_amount").sum(),
        )
        .filter(pl.col("gross_revenue") > pl.col("discount_amount"))
    )
    day = pl.col("ordered_at").dt.replace_time_zone("UTC").dt.convert_time_zone(TIME_ZONE).dt.date()
    return (
        _scan(shop, "orders")
        .filter(~pl.col("is_test") & ~pl.col("status").is_in(["voided", "cancelled"]))
        .select("order_id", pl.col("email").str.strip_chars().str.to_lowercase(), day.alias("order_date"))
        .join(totals, on="order_id")
        .with_columns(age=(pl.lit(LAST_DAY) - pl.col("order_date")).dt.total_days())
    )


def _customers(occasions: pl.LazyFrame) -> pl.LazyFrame:
    within = {days: pl.col("age") < days for days in WINDOWS}
    last_day = pl.lit(LAST_DAY)
    return (
        occasions.group_by("customer")
        .agg(
            pl.col("orders", *MONEY, "net_revenue").sum(),
            pl.len().alias("occasions"),
            pl.col("age").min().alias("days_since_last_order"),
            pl.col("age").max().alias("tenure_days"),
            *(
                pl.col(name).filter(recent).sum().alias(f"{name}_{days}d")
                for days, recent in within.items()
                for name in ("orders", "units", "net_revenue")
            ),
            *(recent.sum().alias(f"occasions_{days}d") for days, recent in within.items()),
        )
        .with_columns(
            average_order_value=pl.col("net_revenue").cast(float) / pl.col("orders"),
            first_order_date=last_day - pl.duration(days="tenure_days"),
            last_order_date=last_day - pl.duration(days="days_since_last_order"),
        )
    )


def _rfm(customers: pl.DataFrame) -> pl.DataFrame:
    def cuts_below(name: str) -> pl.Expr:
        value = pl.col(name).cast(float)
        return pl.sum_horizontal((value.quantile(share, "linear") < value).cast(int) for share in SHARES)

    return customers.select(
        "customer",
        recency_days="days_since_last_order",
        frequency="orders",
        monetary_amount="net_revenue",
        r_score=5 - cuts_below("days_since_last_order"),
        f_score=1 + pl.sum_horizontal((pl.col("orders") > cut).cast(int) for cut in (1, 2, 3, 5)),
        m_score=1 + cuts_below("net_revenue"),
    ).join(
        pl.read_csv(CLASSIC_GROUPS, schema_overrides={"r_score": pl.Int64, "f_score": pl.Int64}),
        on=["r_score", "f_score"],
    )


def _lapsed(customers: pl.DataFrame, occasions: pl.LazyFrame) -> pl.LazyFrame:
    since, gaps = pl.col("days_since_last_order"), pl.col("occasions").cast(int) - 1
    gap_days = pl.col("tenure_days") - since
    said = customers.select(gaps.sum().alias("gaps"), (gap_days / gaps).filter(gaps > 0).median().alias("median")).row(
        0
    )
    median_gap = pl.lit(said[1] if said[0] >= 100 else None, dtype=pl.Float64)
    stakes = (
        occasions.join(customers.lazy().select("customer", since), on="customer")
        .filter(pl.col("age") < since + 365)
        .group_by("customer")
        .agg(pl.col("net_revenue").sum().alias("value_at_stake"))
    )
    limit = pl.col("personal_limit_days")
    band = pl.coalesce(*(pl.when(since >= days).then(pl.lit(name)) for days, name in LAPSED_BANDS.items()))
    is_lapsed = since >= min(LAPSED_BANDS)
    churn_type = pl.when(pl.col("occasions") == 1).then(pl.lit("quick")).otherwise(pl.lit("late"))
    return (
        customers.lazy()
        .with_columns(personal_limit_days=(2 * (gap_days + 2 * median_gap) / (gaps + 2)).round(9))
        .join(stakes, on="customer")
        .select(
            "customer",
            since,
            is_lapsed.alias("is_lapsed"),
            band.alias("lapsed_band"),
            limit,
            (since >= limit).alias("is_personally_lapsed"),
            pl.max_horizontal(0, since - limit.ceil()).alias("days_overdue"),
            pl.when(is_lapsed).then(churn_type).alias("churn_type"),
            "value_at_stake",
        )
    )


def _affinity(shop: Path, bought: pl.LazyFrame) -> pl.DataFrame:
    categories = _scan(shop, "categories").select("category_id", "parent_category_id")
    products = (
        _scan(shop, "products")
        .select("product_id", level_3="category_id")
        .join(categories.rename({"parent_category_id": "level_2"}), left_on="level_3", right_on="category_id")
        .join(categories.rename({"parent_category_id": "level_1"}), left_on="level_2", right_on="category_id")
        .with_columns(pl.col("level_1", "level_2", "level_3").str.slice(1).cast(pl.Int16))
    )
    items = (
        _scan(shop, "order_lines")
        .filter(pl.col("is_merchandise") & (pl.col("quantity") > 0))
        .select("order_id", "product_id")
        .join(bought.select("order_id", "order_number", "customer", "age"), on="order_id")
        .join(products, on="product_id")
        .group_by("customer", "order_number", "level_1", "level_2", "level_3")
        .agg((pl.len() * pl.lit(0.5).pow(pl.col("age").first() / 180)).alias("weight"))
        .collect(engine="streaming")
        .lazy()
    )
    levels = pl.concat(_level(items, level) for level in (1, 2, 3)).collect(engine="streaming")
    whole = items.group_by("customer").agg(pl.col("weight").sum().alias("whole")).collect()
    share = (pl.col("decayed_lines") + 5 * pl.col("shop_share")) / (pl.col("whole") + 5)
    shares = (
        levels.with_columns(shop_share=pl.col("decayed_lines").sum().over("level", "category") / whole["whole"].sum())
        .join(whole, on="customer")
        .with_columns(share=share.round(9), lift=(share / pl.col("shop_share")).round(9))
        .with_columns(may_be_primary=(pl.col("orders") >= 2) & (pl.col("share") >= 0.3) & (pl.col("lift") >= 1.2))
    )
    primary = (
        shares.filter("may_be_primary")
        .sort("share", "decayed_lines", "category", descending=[True, True, False])
        .unique(["customer", "level"], keep="first", maintain_order=True)
        .select("customer", "level", "category", is_primary=True)
    )
    return shares.join(primary, on=["customer", "level", "category"], how="left").with_columns(
        pl.col("is_primary").fill_null(False)
    )


def _level(items: pl.LazyFrame, level: int) -> pl.LazyFrame:
    return (
        items.group_by("customer", "order_number", pl.col(f"level_{level}").alias("category"))
        .agg(pl.col("weight").sum())
        .group_by("customer", "category")
        .agg(pl.len().alias("orders"), pl.col("weight").sum().alias("decayed_lines"))
        .with_columns(level=pl.lit(level))
    )
