"""Charts of a backtest: predicted against actual orders by decile, and what each way of predicting captured.

Draws what prediction_backtest says, as a picture for the UI and as parts for the report; computes nothing.
"""

from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import altair
    import pandas

# One colour a role, readable on light and on dark ground.
MODEL, OTHERS, LINE = "#2a78b5", "#9aa5b1", "#c46a1b"
# In twice as many pixels; one above the other, since the UI's dialog cuts off what is wider than itself.
WIDTH, HEIGHT = 340, 130


def backtest_picture(backtest: "pandas.DataFrame") -> bytes:
    """A PNG of the rows of one earlier date at which the model was not refused."""
    import altair

    chart = altair.vconcat(calibration(backtest), captured(backtest)).configure_view(stroke=None)
    png = BytesIO()
    chart.save(png, format="png", scale_factor=2)
    return png.getvalue()


def calibration(backtest: "pandas.DataFrame") -> "altair.LayerChart":
    """Orders predicted and orders that came, a point a tenth of the customers."""
    import altair

    deciles = backtest[backtest["decile"].notna()].pivot(index="decile", columns="measure", values="value")
    most = float(deciles.max().max())
    diagonal = altair.Chart(altair.Data(values=[{"x": 0, "y": 0}, {"x": most, "y": most}]))
    line = diagonal.mark_line(color=LINE, strokeDash=[4, 4]).encode(x="x:Q", y="y:Q")
    points = altair.Chart(deciles.reset_index()).encode(
        x=altair.X("predicted_orders:Q", title="orders predicted per customer"),
        y=altair.Y("actual_orders:Q", title="orders that came"),
    )
    return (line + points.mark_point(color=MODEL, filled=True, size=70)).properties(
        title="Calibration by decile (on the line: as predicted)", width=WIDTH, height=HEIGHT
    )


def captured(backtest: "pandas.DataFrame") -> "altair.LayerChart":
    """The share of revenue that the best tenth brought, by each way of finding it."""
    import altair

    rows = backtest[backtest["measure"] == "top_decile_revenue"]
    rows = rows.assign(predictor=rows["predictor"].str.replace("_", " "))
    colour = altair.condition("datum.predictor == 'model'", altair.value(MODEL), altair.value(OTHERS))
    base = altair.Chart(rows[["predictor", "value", "interval_low", "interval_high"]]).encode(
        y=altair.Y("predictor:N", title=None, sort="-x")
    )
    bars = base.mark_bar().encode(
        x=altair.X("value:Q", title="share of the revenue that followed", axis=altair.Axis(format="%")), color=colour
    )
    intervals = base.mark_rule(color=LINE, strokeWidth=2).encode(x="interval_low:Q", x2="interval_high:Q")
    return (bars + intervals).properties(
        title="Captured by the best tenth (line: 95 % interval)", width=WIDTH, height=HEIGHT
    )
