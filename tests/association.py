"""Which products go together, computed apart from the project: rules by mlxtend, their statistics by scipy.

Belongs here: the computation, and how a published table is held against it. The project's thresholds are read from
dbt_project.yml, its formulas are not.
"""

import numpy as np
import pandas as pd
import yaml
from mlxtend.frequent_patterns import association_rules, fpgrowth
from scipy.stats import binomtest, chi2_contingency

from dagster_project.transform.project import DBT_FOLDER
from tests.integration.conftest import Run

VARS = yaml.safe_load((DBT_FOLDER / "dbt_project.yml").read_text())["vars"]
KEYS = ["product_key", "suggested_product_key"]


def rules(baskets: pd.DataFrame, min_orders: int) -> pd.DataFrame:
    """The rules that stand on `min_orders` orders or more, from one row per order_number and product_key."""
    orders = baskets["order_number"].astype("category").cat.codes
    is_frequent = baskets.groupby("product_key")["order_number"].transform("size") >= min_orders
    products = baskets["product_key"][is_frequent].astype("category")
    bought = np.zeros((orders.max() + 1, products.nunique()), dtype=bool)
    bought[orders[is_frequent], products.cat.codes] = True
    bought = pd.DataFrame(bought, columns=products.cat.categories)
    found = association_rules(
        fpgrowth(bought, min_support=(min_orders - 0.5) / len(bought), max_len=2, use_colnames=True),
        metric="confidence",
        min_threshold=0,
        return_metrics=["antecedent support", "consequent support", "support", "confidence", "lift"],
    )
    (found["product_key"],) = zip(*found["antecedents"], strict=True)
    (found["suggested_product_key"],) = zip(*found["consequents"], strict=True)
    counts = (found[["support", "antecedent support", "consequent support"]] * len(bought)).round().astype(int)
    found["support_orders"] = counts["support"]
    found["g2"] = [_g2(*row, len(bought)) for row in counts.itertuples(index=False)]
    found["confidence_lower_bound"] = [_lowest_share(both, left) for both, left, _ in counts.itertuples(index=False)]
    is_rule = (
        (found["g2"] > VARS["cross_sell_min_g2"])
        & (found["confidence_lower_bound"] > found["consequent support"])
        & (found["lift"] > VARS["cross_sell_min_lift"])
    )
    return found[is_rule].set_index(KEYS).sort_index()


def _g2(both: int, left: int, right: int, total: int) -> float:
    table = [[both, left - both], [right - both, total - left - right + both]]
    return chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic


def _lowest_share(successes: int, trials: int) -> float:
    return binomtest(successes, trials).proportion_ci(0.95, method="wilson").low


def assert_published_rules(run: Run, min_orders: int) -> int:
    """Hold the published rules of that many orders or more against those of the run's baskets; how many they are."""
    baskets = run.warehouse_query("""
        select order_number, product_key
        from core.int_order_product
        inner join core.int_product_number using (product_number)
        where is_in_basket
    """)
    expected = rules(baskets, min_orders)
    published = run.query(f"""
        select
            product_key, suggested_product_key, support_orders, support_orders / shop_orders as support,
            cast(confidence as double) as confidence, cast(lift as double) as lift, cast(g2 as double) as g2,
            cast(confidence_lower_bound as double) as confidence_lower_bound
        from cross_sell_rule where support_orders >= {min_orders}
    """)
    published = published.set_index(KEYS).sort_index()
    pd.testing.assert_frame_equal(
        published, expected[published.columns], check_dtype=False, check_index_type=False, atol=5e-5, rtol=1e-6
    )
    return len(published)


def assert_baskets(run: Run) -> None:
    """Hold the baskets against the published order lines: all that was kept, of large orders what may be looked at."""
    sold = run.query("""
        select
            order_key, product_key, fct_order_line.gross_amount, fct_order_line.refund_amount,
            fct_order_line.gross_amount - fct_order_line.discount_amount as paid
        from fct_order_line
        inner join fct_order using (order_key)
        where fct_order.is_valid and product_key is not null and is_merchandise and quantity > 0
    """)
    went_back = (sold["refund_amount"] > 0) & (sold["refund_amount"] >= sold["paid"])
    kept = sold[(sold["gross_amount"] > 0) & ~went_back][["order_key", "product_key"]].drop_duplicates()
    most = VARS["cross_sell_max_products"]
    # Orders are numbered by their keys.
    baskets = run.warehouse_query(f"""
        select orders.order_key, products.product_key
        from core.int_order_product as baskets
        inner join core.int_product_number as products using (product_number)
        inner join (
            select order_key, row_number() over (order by order_key) as order_number
            from core.int_order
            where order_date <= date '{run.as_of}' and (invalid_from is null or invalid_from > date '{run.as_of}')
        ) as orders using (order_number)
        where baskets.is_in_basket
    """)
    assert len(baskets.merge(kept)) == len(baskets) == len(baskets.drop_duplicates())
    sizes = kept.groupby("order_key").size().clip(upper=most)
    assert baskets.groupby("order_key").size().sort_index().equals(sizes.sort_index())
