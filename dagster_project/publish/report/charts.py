"""The charts of the report as SVG text, for a page that gives their colours (page.css) in light and in dark.

Draws what the rows say; computes nothing. Sentences about a chart stand in the page.
"""

import re
from collections.abc import Sequence
from io import StringIO
from typing import TYPE_CHECKING

from dagster_project.prediction.chart import calibration, captured
from dagster_project.publish.report.flow import lay_out

if TYPE_CHECKING:
    import altair
    import pandas

INK, QUIET, LINE, PAPER = "var(--ink)", "var(--quiet)", "var(--line)", "var(--paper)"
MAIN, PALE = "var(--main)", "var(--pale)"
HEAT = [f"var(--heat-{step})" for step in range(1, 7)]
# In the order of a customer's way. Beside them a flow has those who were not there, or whose stage is not known.
STAGES = {
    "prospect": PALE,
    "new": "var(--new)",
    "reactivated": "var(--reactivated)",
    "active": "var(--active)",
    "cooling": "var(--cooling)",
    "lapsed": "var(--lapsed)",
}
NO_STAGES = {"(absent)": PALE, "(none)": PALE}
BANDS = {"low": PALE, "medium": "var(--heat-4)", "high": "var(--lapsed)", "(none)": MAIN}
WIDTH = 350  # pixels that fit on a phone; wider charts scroll there
FLOW_HEIGHT, FLOW_GAP = 330, 17


def rfm_grid(rows: "pandas.DataFrame") -> str:
    """Customers by the scores of recency and frequency."""
    import altair

    base = altair.Chart(rows).encode(
        x=altair.X("f_score:O", title="Frequency: how often, 5 is most often", axis=altair.Axis(labelAngle=0)),
        y=altair.Y("r_score:O", title="Recency: 5 is most recent", sort="descending"),
    )
    return _svg(_heat(base, "customers", ",d").properties(width={"step": 60}, height={"step": 44}))


def cohort_grid(rows: "pandas.DataFrame") -> str:
    """The share of a month's first buyers who ordered in each later month."""
    import altair

    months = [f"{month:%b %Y}" for month in rows["cohort_month"].drop_duplicates()]
    base = altair.Chart(rows.assign(cohort=rows["cohort_month"].map("{:%b %Y}".format))).encode(
        x=altair.X("months_since:O", title="Months after the first order", axis=altair.Axis(labelAngle=0)),
        y=altair.Y("cohort:N", title=None, sort=months),
    )
    return _svg(_heat(base, "retention", ".0%").properties(width={"step": 52}, height={"step": 28}))


def _heat(base: "altair.Chart", measure: str, number: str) -> "altair.LayerChart":
    """Cells in six steps of one colour with their numbers, in the paper's colour on the darker half."""
    import altair

    most = float(base.data[measure].max()) or 1
    scale = altair.Scale(type="quantize", domain=[0, most], range=HEAT)
    cells = base.mark_rect(stroke=PAPER, strokeWidth=2).encode(
        color=altair.Color(f"{measure}:Q", scale=scale, legend=None)
    )
    ink = altair.condition(f"datum.{measure} >= {most / 2}", altair.value(PAPER), altair.value(INK))
    return cells + base.mark_text(fontSize=12).encode(text=altair.Text(f"{measure}:Q", format=number), color=ink)


def stage_flow(moves: "pandas.DataFrame") -> str:
    """Customers who changed their stage (from_value, to_value, customers), as bands from left to right."""
    import altair

    most = max(moves["from_value"].nunique(), moves["to_value"].nunique())
    colours = {**NO_STAGES, **STAGES}
    flow = lay_out(moves, [*colours], FLOW_GAP / (FLOW_HEIGHT - FLOW_GAP * (most - 1)))
    colour = altair.Scale(domain=[*colours], range=[*colours.values()])
    x, y = altair.Scale(domain=[-0.6, 1.6]), altair.Scale(domain=[flow.height, 0])
    bands = altair.Chart(flow.bands).mark_area(opacity=0.55)
    bands = bands.encode(
        x=altair.X("x:Q", scale=x, axis=None),
        y=altair.Y("low:Q", scale=y, axis=None),
        y2="high:Q",
        detail="band:N",
        color=altair.Color("to_value:N", scale=colour, legend=None),
    )
    nodes = flow.nodes.assign(
        x=(flow.nodes["side"] == "to_value").astype(float),
        middle=(flow.nodes["low"] + flow.nodes["high"]) / 2,
        label=[f"{_stage_name(row.value, row.side)}  {row.customers:,}" for row in flow.nodes.itertuples()],
    )
    at = altair.Chart(nodes).encode(x=altair.X("x:Q", scale=x, axis=None))
    bars = at.mark_bar(width=8, cornerRadius=1).encode(
        y=altair.Y("low:Q", scale=y), y2="high:Q", color=altair.Color("value:N", scale=colour, legend=None)
    )
    labels = [
        at.transform_filter(f"datum.side == '{side}'")
        .mark_text(align=align, dx=away, color=INK, fontSize=12)
        .encode(y=altair.Y("middle:Q", scale=y), text="label:N")
        for side, align, away in (("from_value", "right", -9), ("to_value", "left", 9))
    ]
    return _svg(altair.layer(bands, bars, *labels).properties(width=WIDTH, height=FLOW_HEIGHT))


def _stage_name(value: str, side: str) -> str:
    absent = "first seen" if side == "from_value" else "gone"
    return {"(absent)": absent, "(none)": "unknown"}.get(value, value)


def category_leanings(rows: "pandas.DataFrame") -> str:
    """For each category how much its fans buy of it, beside the whole shop."""
    import altair

    base = altair.Chart(rows).encode(
        y=altair.Y("category_name:N", title=None, sort=[*rows["category_name"]], axis=altair.Axis(labelLimit=110))
    )
    shares = altair.X("shop_share:Q", title="Share of purchases", axis=altair.Axis(format="%", tickCount=4))
    lines = base.mark_rule(color=LINE, strokeWidth=3).encode(x=shares, x2="fans_share:Q")
    shop = base.mark_point(filled=True, size=90, color=PALE, opacity=1).encode(x=shares)
    fans = base.mark_point(filled=True, size=90, color=MAIN, opacity=1).encode(x="fans_share:Q")
    return _svg((lines + shop + fans).properties(height={"step": 34}, **_fit()))


def value_bars(rows: "pandas.DataFrame", bands: Sequence[str]) -> str:
    """Value at stake by the time since the last order, split by the risk that no order follows."""
    import altair

    order = [band for band in BANDS if band in set(rows["churn_risk_band"])]
    chart = altair.Chart(rows.assign(number=rows["churn_risk_band"].map(order.index))).mark_bar()
    chart = chart.encode(
        x=altair.X(
            "value_at_stake:Q",
            title=None,
            axis=altair.Axis(labelExpr="datum.value ? format(datum.value, '~s') : 0", tickCount=4),
        ),
        y=altair.Y("band:N", title=None, sort=bands),
        color=altair.Color(
            "churn_risk_band:N", scale=altair.Scale(domain=order, range=[BANDS[band] for band in order]), legend=None
        ),
        order="number:Q",
    )
    return _svg(chart.properties(height={"step": 38}, **_fit()))


def backtest_charts(backtest: "pandas.DataFrame") -> tuple[str, str]:
    """Calibration, and what the best tenth brought."""
    return tuple(_svg(chart(backtest).properties(title="", height=200, **_fit())) for chart in (calibration, captured))


def _fit() -> dict[str, object]:
    return {"width": WIDTH, "autosize": {"type": "fit-x", "contains": "padding"}}


def _svg(chart: "altair.TopLevelMixin") -> str:
    """The chart as an element of an HTML page, in the page's font and colours."""
    axis = {"labelColor": QUIET, "titleColor": QUIET, "labelFontSize": 12, "titleFontSize": 12, "titleFontWeight": 400}
    lines = {"gridColor": LINE, "domainColor": LINE, "tickColor": LINE, "titlePadding": 10, "labelPadding": 6}
    styled = chart.configure(
        aria=False, background="transparent", font="inherit", axis={**axis, **lines, "ticks": False}
    )
    svg = StringIO()
    styled.configure_view(stroke=None).save(svg, format="svg")
    return re.sub(r' (xmlns(:\w+)?|version|class)="[^"]*"', "", svg.getvalue())
