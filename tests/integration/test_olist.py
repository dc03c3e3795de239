"""The whole job on the sample of Olist's data set: its figures, recomputed from the files, and what the tables say.

Belongs here: the sample's own figures, from pandas on its files and, where they are stated, as constants.
Does not belong here: traps that hold for any data of Olist's shape (test_olist_traps.py).
"""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.conftest import Run

pytestmark = pytest.mark.data
ZONE = "America/Sao_Paulo"
LAST_DAY = "2018-10-17"
FILES = {
    "orders": "olist_orders_dataset",
    "customers": "olist_customers_dataset",
    "order_items": "olist_order_items_dataset",
    "order_payments": "olist_order_payments_dataset",
    "order_reviews": "olist_order_reviews_dataset",
    "products": "olist_products_dataset",
    "category_translation": "product_category_name_translation",
    "sellers": "olist_sellers_dataset",
    "geolocation": "olist_geolocation_dataset",
}
LOOKUPS = {"order_payments", "sellers", "geolocation"}
STATUSES = {
    "created": "pending",
    "approved": "paid",
    "invoiced": "paid",
    "processing": "paid",
    "shipped": "fulfilled",
    "delivered": "fulfilled",
    "canceled": "cancelled",
    "unavailable": "cancelled",
}


@pytest.fixture(scope="module")
def folder(real_data) -> Path:
    return real_data("olist_sample")


@pytest.fixture(scope="module")
def files(folder) -> dict[str, pd.DataFrame]:
    """Every file as text, nothing in it taken for a missing value."""
    return {
        table: pd.read_csv(folder / f"{name}.csv.gz", dtype=str, keep_default_na=False) for table, name in FILES.items()
    }


@pytest.fixture(scope="module")
def run(folder, run_source: Callable[..., Run]) -> Run:
    return run_source("olist", source_path=folder)


@pytest.fixture(scope="module")
def orders(files) -> pd.DataFrame:
    """One row per order: its person, address, times in UTC, and money in cents, by pandas alone."""
    orders = files["orders"].merge(files["customers"], on="customer_id", validate="1:1").set_index("order_id")
    for name in ("purchase_timestamp", "approved_at", "delivered_customer_date"):
        orders[f"{name}_utc"] = _utc(orders[f"order_{name}"])
    orders["day"] = pd.to_datetime(orders["order_purchase_timestamp"]).dt.date
    items, payments = files["order_items"], files["order_payments"]
    amounts = {
        "items": items.groupby("order_id").size(),
        "price": _cents(items["price"]).groupby(items["order_id"]).sum(),
        "freight": _cents(items["freight_value"]).groupby(items["order_id"]).sum(),
        "payments": payments.groupby("order_id").size(),
        "paid": _cents(payments["payment_value"]).groupby(payments["order_id"]).sum(),
        "voucher": _cents(payments["payment_value"])[payments["payment_type"] == "voucher"]
        .groupby(payments["order_id"])
        .sum(),
    }
    totals = pd.DataFrame(amounts).reindex(orders.index).fillna(0).astype("int64")
    return orders.join(totals).sort_index()


@pytest.fixture(scope="module")
def people(run, orders) -> pd.Series:
    """Person of each customer_key, by way of the orders; fails where a key has two people or a person two keys."""
    keys = run.query("select distinct order_id, customer_key from fct_order")
    pairs = keys.assign(person=keys["order_id"].map(orders["customer_unique_id"]))[["customer_key", "person"]]
    pairs = pairs.drop_duplicates()
    assert pairs["customer_key"].is_unique
    assert pairs["person"].is_unique
    return pairs.set_index("customer_key")["person"]


def _cents(values: pd.Series) -> pd.Series:
    return (values.astype("float64") * 100).round().astype("int64")


def _utc(local: pd.Series) -> pd.Series:
    """Naive local times in UTC; the one in the hour that came twice, as summer time ended, is the second of the two."""
    times = pd.to_datetime(local.where(local != ""))
    times = times.dt.tz_localize(ZONE, ambiguous=[False] * len(times))
    return times.dt.tz_convert("UTC").dt.tz_localize(None).astype("datetime64[us]")


def _raw(run: Run, table: str) -> pd.DataFrame:
    return pd.concat([pd.read_parquet(file) for file in (run.home.folder / "raw" / "olist" / table).glob("*.parquet")])


def test_the_sample_holds_the_stated_figures(files):
    customers, payments, reviews = files["customers"], files["order_payments"], files["order_reviews"]
    assert (customers["customer_id"].nunique(), customers["customer_unique_id"].nunique()) == (8_135, 8_016)
    assert _cents(files["order_items"]["price"]).sum() == 109_326_435
    assert (len(payments), _cents(payments["payment_value"]).sum()) == (8_924, 142_860_281)
    repeats = reviews[reviews["review_id"].duplicated(keep=False)]
    assert (repeats["review_id"].nunique(), int(reviews["review_id"].duplicated().sum())) == (28, 34)


def test_a_day_that_began_at_one_oclock_tells_the_zone(files):
    # Summer time began in São Paulo at midnight of 2017-10-15: the only day of the reviews without one.
    asked = files["order_reviews"]["review_creation_date"]
    assert set(asked[~asked.str.endswith("00:00:00")]) == {"2017-10-15 01:00:00"}
    assert set(asked[asked.str.startswith("2017-10-15")]) == {"2017-10-15 01:00:00"}


def test_every_row_lands_and_has_its_destination(run, files):
    assert {table: len(_raw(run, table)) for table in FILES} == {table: len(rows) for table, rows in files.items()}
    expected = {
        ("customers", "customers", "kept"): 8_016,
        ("customers", "customers", "superseded"): 119,
        ("order_items", "order_lines", "kept"): 8_365,
        ("order_reviews", "reviews", "kept"): 8_191,
        ("order_reviews", "reviews", "superseded"): 34,
        ("orders", "orders", "kept"): 8_135,
        ("products", "products", "kept"): 5_460,
        ("category_translation", "categories", "kept"): 71,
    }
    summary = run.query("""
        select replace(raw_table, 'olist/', '') as source_table, entity, outcome, cast(sum(row_count) as bigint) as n
        from run_summary group by all
    """)
    assert {(row.source_table, row.entity, row.outcome): row.n for row in summary.itertuples()} == expected
    counted = {table: sum(n for key, n in expected.items() if key[0] == table) for table in FILES.keys() - LOOKUPS}
    assert counted == {table: len(files[table]) for table in counted}


def test_a_customer_is_a_person_and_not_an_order(run, people, orders):
    assert run.query("select count(*) as n from dim_customer")["n"][0] == 8_016
    assert sorted(people) == sorted(orders["customer_unique_id"].unique())


def test_every_item_is_an_order_line_at_its_price(run, files):
    items = files["order_items"]
    lines = run.query("""
        select order_line_id, order_id, product_id, cast(quantity as int) as quantity,
            cast(gross_amount * 100 as bigint) as cents, cast(net_amount * 100 as bigint) as net, is_merchandise
        from fct_order_line order by order_line_id
    """)
    expected = items.assign(
        order_line_id=items["order_id"] + "-" + items["order_item_id"], cents=_cents(items["price"])
    )
    expected = expected.sort_values("order_line_id")
    for column in ("order_line_id", "order_id", "product_id", "cents"):
        assert lines[column].tolist() == expected[column].tolist()
    assert lines["cents"].sum() == lines["net"].sum() == 109_326_435
    assert set(lines["quantity"]) == {1}
    assert lines["is_merchandise"].all()


def test_what_every_payment_paid_is_in_the_total_of_its_order(run, orders):
    totals = run.query("""
        select
            order_id,
            cast(gross_amount * 100 as bigint) as price,
            cast(shipping_amount * 100 as bigint) as freight,
            cast(total_amount * 100 as bigint) as paid,
            cast(voucher_amount * 100 as bigint) as voucher
        from fct_order order by order_id
    """).set_index("order_id")
    pd.testing.assert_frame_equal(totals, orders[["price", "freight", "paid", "voucher"]], check_names=False)
    assert totals["paid"].sum() == 142_860_281
    assert totals["voucher"].sum() == 5_994_734


def test_orders_that_were_not_paid_as_priced_are_listed_with_the_difference(run, files, orders):
    listed = run.warehouse_query("""
        select
            order_id,
            items,
            payments,
            cast(difference_amount * 100 as bigint) as difference
        from staging.int_olist__order_totals order by order_id
    """).set_index("order_id")
    expected = orders.assign(difference=orders["paid"] - orders["price"] - orders["freight"])
    pd.testing.assert_frame_equal(listed, expected[listed.columns.tolist()], check_names=False)
    assert listed["payments"].sum() == 8_924
    without_items = listed[listed["items"] == 0]
    assert (len(without_items), without_items["difference"].sum()) == (775, 16_259_195)
    others = listed[(listed["items"] > 0) & (listed["difference"] != 0)]
    assert (len(others), others["difference"].sum()) == (42, 45_812)
    beyond_rounding = others[others["difference"].abs() > 3]
    payments = files["order_payments"].set_index("order_id").loc[beyond_rounding.index]
    instalments = payments["payment_installments"].astype(int).groupby(level=0).max()
    assert (len(instalments), int(instalments.min())) == (22, 2)


def test_statuses_are_the_contracts(run, orders):
    found = run.query("select order_id, status from fct_order").set_index("order_id")["status"]
    assert found.to_dict() == orders["order_status"].map(STATUSES).to_dict()
    assert found.value_counts().to_dict() == {"fulfilled": 6_279, "cancelled": 1_234, "paid": 617, "pending": 5}


def test_cancelled_orders_and_those_without_items_are_kept_and_count_for_nobody(run, orders):
    is_valid = (orders["items"] > 0) & ~orders["order_status"].isin({"canceled", "unavailable"})
    found = run.query("select order_id, is_valid from fct_order").set_index("order_id")["is_valid"]
    assert found.to_dict() == is_valid.to_dict()
    assert (len(found), int(found.sum()), int((orders["items"] == 0).sum())) == (8_135, 6_893, 775)


def test_times_are_those_of_sao_paulo(run, orders):
    found = run.warehouse_query("""
        select order_id, ordered_at, paid_at, delivered_at from contract.orders order by order_id
    """).set_index("order_id")
    expected = orders[["purchase_timestamp_utc", "approved_at_utc", "delivered_customer_date_utc"]]
    pd.testing.assert_frame_equal(found, expected.set_axis(found.columns, axis=1), check_names=False)
    days = run.query("select order_id, order_date from fct_order order by order_id")["order_date"]
    assert pd.to_datetime(days).dt.date.tolist() == orders["day"].tolist()
    assert str(run.as_of) == str(orders["day"].max()) == LAST_DAY


def test_a_customer_lives_where_the_latest_order_went(run, people, orders):
    moved = orders.groupby("customer_unique_id")["customer_city"].nunique()
    assert (moved > 1).sum() == 3
    latest = orders.sort_values("order_purchase_timestamp").drop_duplicates("customer_unique_id", keep="last")
    latest = latest.set_index("customer_unique_id")[["customer_state", "customer_city"]]
    found = run.query("select customer_key, country, region, city from dim_customer")
    assert set(found["country"]) == {"BR"}
    found = found.set_index(found["customer_key"].map(people))[["region", "city"]].sort_index()
    pd.testing.assert_frame_equal(
        found, latest.sort_index().set_axis(["region", "city"], axis=1), check_names=False, check_dtype=False
    )


def test_facts_of_each_person_equal_pandas(run, people, orders):
    valid = orders[(orders["items"] > 0) & ~orders["order_status"].isin({"canceled", "unavailable"})]
    expected = valid.groupby("customer_unique_id").agg(
        orders=("items", "size"),
        units=("items", "sum"),
        cents=("price", "sum"),
        first=("day", "min"),
        last=("day", "max"),
    )
    facts = run.query("""
        select
            customer_key,
            orders,
            cast(units as bigint) as units,
            cast(net_revenue * 100 as bigint) as cents,
            first_order_date as first,
            last_order_date as last
        from fct_customer where orders > 0
    """)
    facts = facts.set_index(facts["customer_key"].map(people)).sort_index()
    assert facts.index.tolist() == expected.index.tolist()
    for column in ("orders", "units", "cents"):
        assert facts[column].tolist() == expected[column].tolist()
    for column in ("first", "last"):
        assert pd.to_datetime(facts[column]).dt.date.tolist() == expected[column].tolist()
    assert (len(facts), facts["orders"].sum(), facts["cents"].sum()) == (6_800, 6_893, 99_602_139)


def test_a_review_of_several_orders_is_one_review_of_the_first_of_them(run, files, orders):
    reviews = files["order_reviews"].join(orders[["customer_unique_id", "order_purchase_timestamp"]], on="order_id")
    same = ["customer_unique_id", "review_score", "review_comment_message", "review_answer_timestamp"]
    assert (reviews.groupby("review_id")[same].nunique() == 1).all(axis=None)
    first = reviews.sort_values(["order_purchase_timestamp", "order_id"]).drop_duplicates("review_id")
    first = first.set_index("review_id").sort_index()
    found = run.warehouse_query("""
        select review_id, customer_id, order_id, product_id, rating, has_text, reviewed_at
        from contract.reviews order by review_id
    """).set_index("review_id")
    assert found.index.tolist() == first.index.tolist()
    assert found["customer_id"].tolist() == first["customer_unique_id"].tolist()
    assert found["order_id"].tolist() == first["order_id"].tolist()
    assert found["rating"].tolist() == first["review_score"].astype(int).tolist()
    assert found["reviewed_at"].tolist() == _utc(first["review_answer_timestamp"]).tolist()
    text = first["review_comment_title"].str.strip() + first["review_comment_message"].str.strip()
    assert found["has_text"].tolist() == (text != "").tolist()
    assert (len(found), int(found["has_text"].sum())) == (8_191, 4_209)


def test_new_lines_in_the_text_of_reviews_survive(run, files):
    expected = files["order_reviews"].set_index(["review_id", "order_id"])["review_comment_message"].sort_index()
    assert expected.str.contains("\r\n").sum() == 436
    landed = _raw(run, "order_reviews").set_index(["review_id", "order_id"])["review_comment_message"].sort_index()
    assert landed.fillna("").to_dict() == expected.to_dict()


def test_categories_bear_english_names_where_there_are_any(run, files):
    products, translations = files["products"], files["category_translation"]
    names = translations.set_index("product_category_name")["product_category_name_english"].to_dict()
    untranslated = set(products["product_category_name"]) - set(names) - {""}
    assert untranslated == {"pc_gamer", "portateis_cozinha_e_preparadores_de_alimentos"}
    found = run.query("select category_id, name from dim_category").set_index("category_id")["name"]
    assert found.to_dict() == names | {name: name for name in untranslated}
    placed = run.query("""
        select product_id, coalesce(category_id, '') as category_id
        from dim_product left join dim_category using (category_key)
    """).set_index("product_id")["category_id"]
    assert placed.to_dict() == products.set_index("product_id")["product_category_name"].to_dict()
    assert (placed == "").sum() == 111


def test_almost_nobody_returns_so_nothing_is_predicted_and_the_reason_is_given(run, orders):
    """Within the sample 1 % of the people order on a second day: too few to learn from who comes back."""
    run_row = run.query("select * from prediction_run").iloc[0]
    share = run_row["repeaters"] / run_row["buyers"]
    assert 0 < share < 0.02
    assert run_row["orders_refusal"] == f"{share:.1%} of the buyers came back and 5.0% have to"
    assert pd.isna(run_row["r"])
    scores = run.query("select * from seg_prediction")
    buyers = run.query("select count(*) as n from fct_customer where orders > 0")["n"][0]
    assert len(scores) == run_row["buyers"] == buyers
    predicted = ["probability_alive", "churn_risk", "churn_risk_band", "expected_orders_365d", "expected_value_365d"]
    assert scores[[*predicted, "next_order_date", "predicted_value_tier"]].isna().all(axis=None)
    assert set(scores["orders_refusal"]) == {run_row["orders_refusal"]}
    backtest = run.query("select measure from prediction_backtest")
    assert set(backtest["measure"]) == {"refused"}
