"""The report of a run: what it says is what the published marts say, nothing of it comes from elsewhere, and a browser
shows it at any width.

Does not belong here: what changed since another date (test_daily_runs.py), that no customer is named
(test_publication_contents.py).
"""

import re
import shutil
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pandas
import pytest
from browser import chromium_path
from report_page import Report

from dagster_project.publish.report.page import write_report
from tests.integration.conftest import Run

# What makes a page load something. A reference inside the page (#...) loads nothing.
LOADING_TAGS = {
    "script",
    "link",
    "img",
    "iframe",
    "object",
    "embed",
    "source",
    "video",
    "audio",
    "base",
    "form",
    "image",
}
LOADING_CSS = re.compile(r"@import|url\(|image-set|@font-face", re.IGNORECASE)


@pytest.fixture(scope="module")
def path(finished_shop: Run) -> Path:
    return finished_shop.home.published / "report.html"


@pytest.fixture(scope="module")
def report(path: Path) -> Report:
    return Report(path)


@pytest.fixture
def marts_copy(finished_shop: Run, tmp_path: Path) -> Path:
    """A folder with a copy of the marts and of their report, for a test to change."""
    for name in ("marts.duckdb", "report.html"):
        shutil.copy(finished_shop.home.published / name, tmp_path)
    return tmp_path


def _table(run: Run, name: str) -> pandas.DataFrame:
    """A published table, from its Parquet file."""
    return pandas.read_parquet(run.home.published / "parquet" / f"{name}.parquet")


def test_the_headline_numbers_are_those_of_the_marts(finished_shop: Run, report: Report):
    facts, lapsed, chances = (_table(finished_shop, name) for name in ("fct_customer", "seg_lapsed", "seg_prediction"))
    high = chances.loc[chances["churn_risk_band"] == "high", "customer_key"]
    said = report.sections["header"].text
    yearly = facts["net_revenue_365d"].sum()
    assert f"Customers {len(facts):,} People" in said
    assert f"Active buyers {(~lapsed['is_lapsed']).sum():,} Have" in said
    assert f"Net revenue, all time {facts['net_revenue'].sum():,.0f} EUR" in said
    assert f"Net revenue, 365 days {yearly:,.0f} EUR" in said
    assert f"Average order, 365 days {yearly / facts['orders_365d'].sum():,.2f} EUR" in said
    at_risk = lapsed.loc[lapsed["customer_key"].isin(high), "value_at_stake"].sum()
    assert at_risk > 0
    assert f"Value at risk {at_risk:,.0f} EUR" in said


def test_every_single_segment_is_told_with_its_size_share_revenue_and_lift(finished_shop: Run, report: Report):
    catalogue, members, facts = (
        _table(finished_shop, name) for name in ("segment_catalog", "segment_membership", "fct_customer")
    )
    joined = members.merge(facts[["customer_key", "net_revenue"]], on="customer_key")
    sizes, revenue = joined.groupby("segment").size(), joined.groupby("segment")["net_revenue"].sum().astype(float)
    shop_revenue, section = float(facts["net_revenue"].sum()), report.sections["segments"]
    single = catalogue[catalogue["for_each"].isna()]
    told = {row[0] for row in section.rows}
    for segment, label, action in single[["segment", "label", "action"]].itertuples(index=False):
        if segment not in sizes:
            assert label in section.text.rpartition("Nobody is in")[2]
            continue
        share, of_revenue = sizes[segment] / len(facts), revenue[segment] / shop_revenue
        (row,) = [
            row for row in section.rows if re.fullmatch(rf"{re.escape(label)}( few)? {re.escape(action)}", row[0])
        ]
        assert row[1:5] == [
            f"{sizes[segment]:,}",
            f"{share:.1%}",
            f"{of_revenue:.1%}",
            f"{of_revenue / share:.1f}\N{MULTIPLICATION SIGN}",
        ]
        assert (" few " in row[0]) == (sizes[segment] < 100)
    assert not [row for row in told if ":" in row]


def test_the_rfm_grid_and_groups_count_every_buyer(finished_shop: Run, report: Report):
    scores, section = _table(finished_shop, "seg_rfm"), report.sections["rfm"]
    cells = scores.groupby(["r_score", "f_score"]).size()
    drawn = [int(text.replace(",", "")) for text in section.chart if re.fullmatch(r"[\d,]+", text)]
    axes = [*range(1, 6)] * 2
    assert sorted(drawn) == sorted([*cells, *axes])
    for group, rows in scores.groupby("classic_group"):
        revenue = rows["monetary_amount"].sum() / scores["monetary_amount"].sum()
        assert section.row(group)[:3] == [f"{len(rows):,}", f"{len(rows) / len(scores):.1%}", f"{revenue:.1%}"]


def test_retention_is_that_of_the_newest_twelve_months_that_are_followed_by_one(finished_shop: Run, report: Report):
    cohorts = _table(finished_shop, "cohort_retention").dropna(subset="retention")
    cohorts["cohort_month"] = pandas.to_datetime(cohorts["cohort_month"])
    cohorts = cohorts[(cohorts["months_since"] >= 1) & (cohorts["months_since"] <= 12)]
    newest = cohorts["cohort_month"].drop_duplicates().nlargest(12)
    expected = cohorts[cohorts["cohort_month"].isin(newest)]
    texts = report.sections["cohorts"].chart
    assert sorted(text for text in texts if text.endswith("%")) == sorted(
        f"{int(100 * float(share) + 0.5)}%" for share in expected["retention"]
    )
    assert {f"{month:%b %Y}" for month in newest} <= set(texts)


def test_categories_tell_their_fans_and_how_much_they_lean(finished_shop: Run, report: Report):
    leanings = _table(finished_shop, "seg_category_affinity").query("level == 1")
    numbers = ["shop_share", "share", "lift"]
    for category, rows in (
        leanings[leanings["is_primary"]].astype(dict.fromkeys(numbers, float)).groupby("category_name")
    ):
        shop, share, lift = rows[numbers].mean()
        assert report.sections["categories"].row(category) == [
            f"{len(rows):,}", f"{shop:.1%}", f"{share:.1%}", f"{lift:.1f}\N{MULTIPLICATION SIGN}",
        ]  # fmt: skip
    assert (
        len(report.sections["categories"].rows) == 1 + leanings.loc[leanings["is_primary"], "category_name"].nunique()
    )


def test_value_at_risk_is_told_by_the_time_since_the_last_order(finished_shop: Run, report: Report):
    lapsed, chances = _table(finished_shop, "seg_lapsed"), _table(finished_shop, "seg_prediction")
    joined = lapsed.merge(chances[["customer_key", "churn_risk_band"]], on="customer_key")
    days = joined["days_since_last_order"]
    bands = pandas.cut(
        days, [-1, 89, 179, 364, 10_000], labels=["Not lapsed", "90-179 days", "180-364 days", "365+ days"]
    )
    for band, rows in joined.groupby(bands, observed=True):
        high = rows.loc[rows["churn_risk_band"] == "high", "value_at_stake"].sum()
        expected = [f"{len(rows):,}", f"{rows['value_at_stake'].sum():,.0f}", f"{high:,.0f}"]
        assert report.sections["value"].row(band) == expected


def test_every_raw_row_is_told_with_what_became_of_it(finished_shop: Run, report: Report):
    summary, section = _table(finished_shop, "run_summary"), report.sections["quality"]
    quarantined = summary.loc[summary["outcome"] == "quarantined", "row_count"].sum()
    assert quarantined > 0
    assert f"{summary['row_count'].sum():,} rows came from" in section.text
    assert f"; {quarantined:,} (" in section.text
    tables = section.rows[[row[0] for row in section.rows].index("Table") :]
    for name, rows in summary.groupby("raw_table"):
        outcome = rows.groupby("outcome")["row_count"].sum().reindex(
            ["kept", "deleted", "superseded", "quarantined"], fill_value=0
        )  # fmt: skip
        counts = [
            rows["row_count"].sum(),
            outcome["kept"] + outcome["deleted"],
            *outcome[["superseded", "quarantined"]],
        ]
        assert next(row for row in tables if row[0] == name)[1:] == [f"{count:,}" for count in counts]


def test_the_backtest_is_drawn_for_its_newest_date_at_which_there_was_a_model(marts_copy: Path, finished_shop: Run):
    """Of the small shop there is none, so it is given two."""
    with duckdb.connect(str(marts_copy / "marts.duckdb")) as marts:
        for history_date, orders in (("2025-10-02", 7), ("2025-12-31", 3)):
            marts.execute(f"""
                insert into prediction_backtest (history_date, predictor, measure, decile, value)
                select date '{history_date}', 'model', measure, decile, {orders} / decile
                from range(1, 11) as deciles (decile), (values ('actual_orders'), ('predicted_orders')) as m (measure);
                insert into prediction_backtest (history_date, predictor, measure, value, interval_low, interval_high)
                values ('{history_date}', 'model', 'top_decile_revenue', .4, .3, .5),
                    ('{history_date}', 'past_spend', 'top_decile_revenue', .3, .2, .4)
            """)
    assert Report(marts_copy / "report.html").sections["prediction"].chart == []
    write_report(marts_copy, finished_shop.as_of, "EUR", None)
    section = Report(marts_copy / "report.html").sections["prediction"]
    assert "predicted on 31 December 2025" in section.text
    assert {"model", "past spend", "3.0"} <= set(section.chart)
    assert "7.0" not in section.chart


def test_a_first_run_says_that_there_is_no_history(report: Report):
    assert "no change to show yet" in report.sections["header"].text
    assert "Movement needs an earlier snapshot" in report.sections["movement"].text
    assert report.sections["movement"].chart == []


def test_a_shop_without_anything_has_a_sentence_in_each_part(finished_shop: Run, tmp_path: Path):
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as marts:
        marts.execute(f"attach '{finished_shop.home.published / 'marts.duckdb'}' as full_ones (read_only)")
        for (name,) in marts.execute(
            "select table_name from duckdb_tables() where database_name = 'full_ones'"
        ).fetchall():
            marts.execute(f"create table {name} as from full_ones.{name} limit 0")
    write_report(tmp_path, date(2026, 6, 30), "EUR", None)
    empty = Report(tmp_path / "report.html")
    assert {name: section.chart for name, section in empty.sections.items() if section.chart} == {}
    sentences = {
        "segments": "No customer is in a segment yet.",
        "rfm": "Nobody has bought yet",
        "movement": "Movement needs an earlier snapshot",
        "cohorts": "No month of first orders has a complete month after it yet.",
        "categories": "No customer clearly prefers a category",
        "value": "Nobody has bought yet",
        "prediction": "The model has no earlier date yet",
        "quality": "0 rows came from 0 tables; none is faulty",
    }
    assert set(empty.sections) == {"header", *sentences}
    assert [name for name, sentence in sentences.items() if sentence not in empty.sections[name].text] == []
    assert "Customers 0 People" in empty.sections["header"].text


def test_the_reason_why_nothing_is_predicted_stands_where_predictions_would(marts_copy: Path, finished_shop: Run):
    with duckdb.connect(str(marts_copy / "marts.duckdb")) as marts:
        marts.execute("update prediction_run set orders_refusal = 'the shop has 3 buyers and needs 500'")
        marts.execute("update seg_prediction set churn_risk_band = null")
        marts.execute("delete from prediction_backtest")
    write_report(marts_copy, finished_shop.as_of, "EUR", None)
    refused = Report(marts_copy / "report.html")
    assert (
        "Value at risk \N{EN DASH} Not known: the shop has 3 buyers and needs 500." in refused.sections["header"].text
    )
    assert "Churn risk is not known: the shop has 3 buyers" in refused.sections["value"].text
    assert [*{len(row) for row in refused.sections["value"].rows}] == [3]
    assert "Nothing is predicted: the shop has 3 buyers" in refused.sections["prediction"].text


def test_the_page_holds_everything_itself(path: Path, report: Report):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 1_000_000
    assert not [tag for tag, _ in report.tags if tag in LOADING_TAGS]
    addresses = ("href", "src", "srcset", "xlink:href", "action", "poster", "data")
    targets = [attributes[name] for _, attributes in report.tags for name in addresses if name in attributes]
    assert targets
    assert not [target for target in targets if not target.startswith("#")]
    assert "://" not in text
    assert not LOADING_CSS.search(text)


def test_charts_and_tables_can_be_read_without_seeing_them(report: Report):
    assert [attributes["lang"] for tag, attributes in report.tags if tag == "html"] == ["en"]
    charts = [attributes for _, attributes in report.tags if attributes.get("role") == "img"]
    drawings = [tag for tag, _ in report.tags if tag == "svg"]
    assert len(charts) == len(drawings) > 3
    assert all(len(attributes["aria-label"] or "") > 40 for attributes in charts)
    assert not [tag for tag, attributes in report.tags if tag == "th" and "scope" not in attributes]
    links = {attributes["href"] for tag, attributes in report.tags if tag == "a"}
    assert links == {f"#{name}" for name in report.sections if name != "header"}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """A headless Chromium."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # Tests may run as root in a container, where Chromium's own sandbox cannot.
        browser = playwright.chromium.launch(executable_path=chromium_path(), args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 820, 1440])
def test_a_browser_shows_it_without_errors_requests_or_a_page_wider_than_the_window(browser, path, width, scheme):
    page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.resolve().as_uri())
    assert said == []
    assert asked == [path.resolve().as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") == width
    wider = """[...document.querySelectorAll('body *')].filter(element => !element.closest('.scroll, .wide, svg'))
        .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5).map(element => element.tagName)"""
    assert page.evaluate(wider) == []
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")
    assert page.evaluate("[...document.querySelectorAll('svg [fill^=var], svg [stroke^=var]')].length") > 100
    page.close()
