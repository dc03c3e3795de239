"""The whole job on UCI Online Retail: every row and every penny of the file, by kind, as published.

Belongs here: its figures, from pandas on the source file and, where they are public, as constants.
Does not belong here: what holds for any source.
"""

import shutil

import duckdb
import numpy as np
import pandas as pd
import pytest
from compiled_sql import compiled_texts
from report_page import Report

from dagster_project.automation import RECOMPUTE

pytestmark = pytest.mark.data
LAST_DAY = "2011-12-09"
DAY_AFTER = "2011-12-10"
FEE_CODES = {"POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "PADS", "B"}
COLUMNS = [
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
]  # fmt: skip

# Kind: (rows, thousandths of a pound); each row counts in the first kind that it meets.
PUBLISHED = {
    "duplicate": (5_268, 21_740_980),
    "bad debt": (3, -11_062_060),
    "price 0": (2_510, 0),
    "fee, identified": (1_542, 149_981_254),
    "fee, guest": (798, 233_848_170),
    "returned fee, identified": (366, -136_938_760),
    "returned fee, guest": (217, -281_139_810),
    "return, identified": (8_506, -471_750_710),
    "return, guest": (162, -4_150_450),
    "sale, guest": (131_387, 1_509_991_680),
    "sale, identified": (391_150, 8_737_227_640),
}
TOTAL = (541_909, 9_747_747_934)

# The quintiles of RFM analyses of this file: whole days to one day after the last invoice, invoices, gross with fees.
PUBLISHED_AT = "2011-12-10 12:50"
PUBLISHED_CUTS = {
    "recency": [13.4, 33, 72, 179],
    "frequency": [1, 2, 3, 6],
    "monetary": [249.344, 487.412, 933.348, 2055.05],
}
# What asks for carts, browsing, favourites, reviews, answers, tickets, messages, birthdays, profiles, categories,
# channels or devices, of which the file has none.
WITHOUT_DATA = {
    "birthday_soon", "cart_abandoners", "needs_an_incentive", "stuck_at_checkout", "browse_abandoners",
    "searched_not_bought", "favourites_low_in_stock", "category_fans", "comparers", "upsell_ready", "brand_advocates",
    "detractors_to_win_over", "review_writers", "review_invitees", "open_ticket", "engaged_non_buyers",
    "sunset_candidates", "reachable_cart_abandoners", "by_age_band", "by_gender", "by_language", "by_life_stage",
    "by_income_band", "by_declared_interest", "by_declared_value", "by_declared_need", "by_review_activity",
    "by_nps_class", "by_price_tier", "by_primary_category", "by_open_cart_age", "by_channel", "by_device",
}  # fmt: skip
CUTS_SQL = ", ".join(
    f"{{{{ quantile_cuts('{name}', var('rfm_cut_quantiles'), '{name}') }}}}" for name in PUBLISHED_CUTS
)

KIND_SQL = """
with counted as (
    select
        case
            when outcome = 'superseded' then 'duplicate'
            when reject_reason = 'bad_debt' then 'bad debt'
            when reject_reason = 'stock_adjustment' then 'price 0'
            when entity = 'refunds' then
                case when is_merchandise then 'return' else 'returned fee' end
                || case when is_identified then ', identified' else ', guest' end
        end as kind,
        row_count as row_count,
        amount
    from run_summary
    where raw_table = 'online_retail/invoice_lines'

    union all

    select
        case
            when gross_amount = 0 then 'price 0'
            else
                case when is_merchandise then 'sale' else 'fee' end
                || case when customer_key is null then ', guest' else ', identified' end
        end,
        1,
        gross_amount
    from fct_order_line
)

select kind, cast(sum(row_count) as bigint) as row_count, cast(sum(amount) * 1000 as bigint) as thousandths
from counted
where kind is not null
group by kind
"""


@pytest.fixture(scope="module")
def file(real_data):
    return real_data("online_retail/online_retail.parquet")


@pytest.fixture(scope="module")
def source(file) -> pd.DataFrame:
    """The file's rows with their kind and their amount in thousandths of a pound, by pandas alone."""
    rows = pd.read_parquet(file)
    rows["thousandths"] = rows["Quantity"] * (rows["UnitPrice"] * 1000).round().astype("int64")
    rows["sku"] = rows["StockCode"].str.upper()
    rows["is_fee"] = rows["sku"].isin(FEE_CODES) | rows["sku"].str.startswith("GIFT_")
    is_return = rows["InvoiceNo"].str.startswith("C")
    buyer = rows["CustomerID"].notna().map({True: ", identified", False: ", guest"})
    rows["kind"] = "sale" + buyer
    # The kinds from the last to the first that a row is tried against.
    rows["kind"] = rows["kind"].mask(is_return, "return" + buyer)
    rows["kind"] = rows["kind"].mask(rows["is_fee"], "fee" + buyer)
    rows["kind"] = rows["kind"].mask(rows["is_fee"] & is_return, "returned fee" + buyer)
    rows["kind"] = rows["kind"].mask(rows["UnitPrice"] == 0, "price 0")
    rows["kind"] = rows["kind"].mask(rows["InvoiceNo"].str.startswith("A"), "bad debt")
    rows["kind"] = rows["kind"].mask(rows.duplicated(COLUMNS), "duplicate")
    return rows


@pytest.fixture(scope="module")
def ordered(source) -> pd.DataFrame:
    """The rows that become order lines: no duplicate, no bad debt, no stock adjustment, no return."""
    is_sold = source["kind"].str.startswith(("sale", "fee"))
    is_free = source["kind"].eq("price 0") & (source["Quantity"] >= 0)
    return source[is_sold | is_free]


@pytest.fixture(scope="module")
def run(file, run_source):
    return run_source("online_retail", source_path=file)


@pytest.fixture(scope="module")
def run_after(run, run_source, file, tmp_path_factory):
    """The same home as of a day without orders, the day after the last one."""
    home = shutil.copytree(run.home.folder, tmp_path_factory.mktemp("day_after") / "home", symlinks=True)
    return run_source("online_retail", source_path=file, as_of=DAY_AFTER, home=home, job=RECOMPUTE)


@pytest.fixture(scope="module")
def customer_numbers(run, source) -> pd.Series:
    """Customer number of each customer_key that has an order, by way of the invoice number."""
    keys = run.query("select distinct customer_key, order_id from fct_order_line where customer_key is not null")
    invoices = source.dropna(subset="CustomerID").drop_duplicates("InvoiceNo").set_index("InvoiceNo")
    pairs = keys.assign(number=keys["order_id"].map(invoices["CustomerID"]))
    pairs = pairs[["customer_key", "number"]].drop_duplicates()
    assert pairs["customer_key"].is_unique
    assert pairs["number"].is_unique
    return pairs.set_index("customer_key")["number"].astype("int64")


def _by_kind(frame: pd.DataFrame) -> dict[str, tuple[int, int]]:
    return {row.kind: (int(row.row_count), int(row.thousandths)) for row in frame.itertuples()}


def _dates(values: pd.Series) -> list:
    return pd.to_datetime(values).dt.date.tolist()


def test_the_file_holds_the_published_kinds(source):
    kinds = source.groupby("kind").agg(row_count=("sku", "size"), thousandths=("thousandths", "sum"))
    assert _by_kind(kinds.reset_index()) == PUBLISHED
    assert (len(source), int(source["thousandths"].sum())) == TOTAL


def test_every_row_and_every_penny_is_published_by_kind(run):
    assert _by_kind(run.query(KIND_SQL)) == PUBLISHED


def test_the_summary_adds_up_to_the_file(run):
    total = run.query("""
        select cast(sum(row_count) as bigint) as row_count, cast(sum(amount) * 1000 as bigint) as thousandths
        from run_summary where raw_table = 'online_retail/invoice_lines'
    """)
    assert tuple(total.iloc[0]) == TOTAL


def test_the_summary_of_kept_lines_agrees_with_the_lines(run):
    summary = run.query("""
        select sum(row_count) as row_count, sum(amount) as amount
        from run_summary where entity = 'order_lines' and outcome = 'kept'
    """)
    lines = run.query("select count(*) as row_count, sum(gross_amount) as amount from fct_order_line")
    assert tuple(summary.iloc[0]) == tuple(lines.iloc[0])


def test_identified_sales_with_their_fees_are_the_published_ones(run):
    sales = run.query("""
        select
            count(*) as lines,
            count(distinct customer_key) as customers,
            cast(sum(gross_amount) * 1000 as bigint) as thousandths
        from fct_order_line where customer_key is not null and gross_amount <> 0
    """)
    assert tuple(sales.iloc[0]) == (392_692, 4_338, 8_887_208_894)


def test_the_marts_count_merchandise_only(run):
    facts = run.query("""
        select
            count(*) filter (where orders > 0) as customers,
            cast(sum(orders) as bigint) as orders,
            cast(sum(gross_revenue) * 1000 as bigint) as gross,
            cast(sum(refund_amount) * 1000 as bigint) as refunds,
            cast(sum(net_revenue) * 1000 as bigint) as net
        from fct_customer
    """)
    sold, returned = PUBLISHED["sale, identified"][1], -PUBLISHED["return, identified"][1]
    assert tuple(facts.iloc[0]) == (4_334, 18_402, sold, returned, sold - returned)
    assert set(_dates(run.query("select as_of_date from fct_customer")["as_of_date"].astype(str))) == set(
        _dates(pd.Series([LAST_DAY]))
    )


def test_every_customer_number_is_one_customer(run, source):
    customers = run.query("select count(*) as n from dim_customer")["n"][0]
    assert customers == source["CustomerID"].nunique() == 4_372


def test_facts_of_each_customer_equal_pandas(run, source, customer_numbers):
    sales = source[source["kind"] == "sale, identified"].groupby("CustomerID")
    returns = source[source["kind"] == "return, identified"].groupby("CustomerID")["thousandths"].sum()
    gross = sales["thousandths"].sum()
    refunds = -returns.reindex(gross.index).fillna(0).astype("int64")
    facts = run.query("""
        select
            customer_key,
            orders,
            cast(gross_revenue * 1000 as bigint) as gross,
            cast(refund_amount * 1000 as bigint) as refunds,
            cast(net_revenue * 1000 as bigint) as net,
            first_order_date,
            last_order_date
        from fct_customer where orders > 0
    """)
    facts = facts.set_index(facts["customer_key"].map(customer_numbers)).sort_index()
    assert facts.index.tolist() == gross.index.tolist()
    assert facts["orders"].tolist() == sales["InvoiceNo"].nunique().tolist()
    assert facts["gross"].tolist() == gross.tolist()
    assert facts["refunds"].tolist() == refunds.tolist()
    assert facts["net"].tolist() == (gross - refunds).tolist()
    assert _dates(facts["first_order_date"]) == _dates(sales["InvoiceDate"].min())
    assert _dates(facts["last_order_date"]) == _dates(sales["InvoiceDate"].max())


def test_an_order_is_placed_at_its_earliest_time_in_london(run, source, ordered):
    assert (source.groupby("InvoiceNo")["InvoiceDate"].nunique() > 1).sum() == 43
    local = ordered.groupby("InvoiceNo")["InvoiceDate"].min().astype("datetime64[us]")
    in_utc = local.dt.tz_localize("Europe/London").dt.tz_convert("UTC").dt.tz_localize(None)
    orders = run.query("select order_id, ordered_at, order_date from fct_order order by order_id")
    assert orders["order_id"].tolist() == local.index.tolist()
    assert orders["ordered_at"].tolist() == in_utc.tolist()
    assert _dates(orders["order_date"]) == _dates(local)


def test_a_product_has_one_sku_and_its_most_frequent_title(run, source):
    is_adjustment = source["kind"].eq("price 0") & (source["Quantity"] < 0)
    kept = source[~source["kind"].isin({"duplicate", "bad debt"}) & ~is_adjustment & ~source["is_fee"]]
    votes = (
        kept.dropna(subset="Description")
        .assign(is_priced=lambda rows: rows["UnitPrice"] > 0)
        .groupby(["sku", "Description"])
        .agg(priced=("is_priced", "sum"), lines=("is_priced", "size"))
        .reset_index()
        .sort_values(["sku", "priced", "lines", "Description"], ascending=[True, False, False, True])
    )
    titles = votes.drop_duplicates("sku").set_index("sku")["Description"]
    products = run.query("select sku, title from dim_product")
    assert sorted(products["sku"]) == sorted(kept["sku"].unique())
    found = products.dropna(subset="title").set_index("sku")["title"]
    assert found.to_dict() == titles.to_dict()
    assert found["85123A"] == "WHITE HANGING HEART T-LIGHT HOLDER"


def test_a_customer_lives_where_the_latest_order_went(run, ordered, customer_numbers):
    known = ordered[ordered["CustomerID"].notna() & (ordered["Country"] != "Unspecified")]
    assert (known.groupby("CustomerID")["Country"].nunique() > 1).sum() > 5
    latest = known.sort_values(["InvoiceDate", "InvoiceNo"]).drop_duplicates("CustomerID", keep="last")
    countries = run.query("select customer_key, country from dim_customer where country is not null")
    found = countries.set_index(countries["customer_key"].map(customer_numbers))["country"]
    assert found[found.index.notna()].to_dict() == latest.set_index("CustomerID")["Country"].to_dict()


@pytest.fixture(scope="module")
def rfm(run_after, customer_numbers) -> pd.DataFrame:
    """seg_rfm by customer number, money also in thousandths."""
    rows = run_after.query("select *, cast(monetary_amount * 1000 as bigint) as thousandths from seg_rfm")
    return rows.set_index(rows["customer_key"].map(customer_numbers)).sort_index()


@pytest.fixture(scope="module")
def measures(source) -> pd.DataFrame:
    """Recency, frequency and money by customer number, by pandas alone."""
    sales = source[source["kind"] == "sale, identified"].groupby("CustomerID")
    returns = source[source["kind"] == "return, identified"].groupby("CustomerID")["thousandths"].sum()
    gross = sales["thousandths"].sum()
    measures = {
        "recency_days": (pd.Timestamp(DAY_AFTER) - sales["InvoiceDate"].max().dt.normalize()).dt.days,
        "frequency": sales["InvoiceNo"].nunique(),
        "thousandths": gross + returns.reindex(gross.index).fillna(0),
    }
    return pd.DataFrame(measures).astype("int64")


def _quintiles(values: pd.Series) -> np.ndarray:
    return np.quantile(values, [0.2, 0.4, 0.6, 0.8]).round(6)


def test_recency_frequency_and_money_of_each_buyer_equal_pandas(rfm, measures):
    assert len(rfm) == 4_334
    assert rfm.index.tolist() == measures.index.tolist()
    for measure in measures:
        assert rfm[measure].tolist() == measures[measure].tolist(), measure


def test_scores_of_each_buyer_equal_numpy(rfm, measures):
    recency, frequency, money = (measures[name] for name in ("recency_days", "frequency", "thousandths"))
    # searchsorted from the left counts the cuts that are smaller than the value
    assert rfm["r_score"].tolist() == (5 - np.searchsorted(_quintiles(recency), recency)).tolist()
    assert rfm["f_score"].tolist() == (1 + np.searchsorted([1, 2, 3, 5], frequency)).tolist()
    assert rfm["m_score"].tolist() == (1 + np.searchsorted(_quintiles(money), money)).tolist()


def test_who_has_no_order_is_a_prospect_of_preset_shopify(run_after):
    groups = run_after.query("""
        select
            count(*) filter (where shopify_group = 'Prospects') as prospects,
            count(*) filter (where classic_group is null and klaviyo_group is null) as ungrouped,
            count(*) as customers
        from customer_segments
    """)
    assert tuple(groups.iloc[0]) == (4_372 - 4_334, 4_372 - 4_334, 4_372)


def test_what_the_data_cannot_feed_is_empty_with_coverage_0(run_after):
    health = run_after.query(
        "select entry, segment, customers, cast(coverage as double) as coverage from segment_health"
    )
    without = health[health["coverage"] == 0]
    assert set(without["entry"]) == WITHOUT_DATA
    assert (without["customers"] == 0).all()
    assert (without["entry"] == without["segment"]).all()


def test_the_report_says_what_the_data_cannot_feed(run):
    sections = Report(run.home.published / "report.html").sections
    assert "or the shop's data have none" in sections["categories"].text
    assert "Nobody is in Deal hunters. The shop's data cannot tell Cart abandoners, " in sections["segments"].text
    assert "541,909 rows came from 1 table;" in sections["quality"].text
    assert {name for name, section in sections.items() if section.chart} >= {"rfm", "cohorts", "value"}


def test_the_macro_of_cuts_gives_the_published_quintiles(source, tmp_path):
    gross = source[source["kind"].isin({"sale, identified", "fee, identified"})].groupby("CustomerID")
    given = pd.DataFrame(
        {
            "recency": (pd.Timestamp(PUBLISHED_AT) - gross["InvoiceDate"].max()).dt.days,
            "frequency": gross["InvoiceNo"].nunique(),
            "monetary": gross["thousandths"].sum() / 1000,
        }
    )
    (select,) = compiled_texts(tmp_path, [f"select {CUTS_SQL} from given"])
    with duckdb.connect() as connection:
        connection.register("given", given)
        found = connection.execute(select).df().iloc[0]
    for name, cuts in PUBLISHED_CUTS.items():
        assert [float(found[f"{name}_cut_{number}"]) for number in (1, 2, 3, 4)] == cuts
