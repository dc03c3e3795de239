"""Writes the report: figures and charts into page.html, and for a part without figures None.

The figures' queries stand in figures.py, words in page.html.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from dagster_project.publish.report.figures import read_figures
from dagster_project.publish.report.formats import FILTERS

if TYPE_CHECKING:
    import pandas

FILE = "report.html"
Figures = Mapping[str, "pandas.DataFrame"]
Earlier = Mapping[str, Any]  # as_of_date and headlines of a publication


def write_report(folder: Path, as_of: date, currency: str, standing: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Write the page of a publication from the marts in its folder; `standing` is the manifest of the publication that
    it is to replace.

    Returns what the manifest says of it: the headline numbers, and those that they were compared with.
    """
    with duckdb.connect(str(folder / "marts.duckdb"), read_only=True) as marts:
        figures = read_figures(marts)
    earlier = compared_with(standing, as_of)
    (folder / FILE).write_text(render(figures, as_of, currency, earlier), encoding="utf-8")
    return {"headlines": headlines(figures), "earlier": earlier}


def compared_with(standing: Mapping[str, Any] | None, as_of: date) -> Earlier | None:
    """The last publication of an earlier date: the standing one, or, where that is of the same date, the one that it
    was compared with."""
    if not standing or "report" not in standing or standing["as_of_date"] > as_of.isoformat():
        return None
    if standing["as_of_date"] == as_of.isoformat():
        return standing["report"]["earlier"]
    return {"as_of_date": standing["as_of_date"], "headlines": standing["report"]["headlines"]}


def render(figures: Figures, as_of: date, currency: str, earlier: Earlier | None) -> str:
    """The page as text."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    pages = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.filters |= FILTERS
    return pages.get_template("page.html").render(
        as_of=as_of,
        currency=currency,
        earlier=earlier and date.fromisoformat(earlier["as_of_date"]),
        headlines=dict(_compared(figures, earlier)),
        **dict(_sections(figures)),
    )


def headlines(figures: Figures) -> Mapping[str, float | None]:
    """The headline numbers by name, None where one is not known."""
    numbers = figures["headlines"].iloc[0].to_dict()
    return {name: None if value != value else float(value) for name, value in numbers.items()}


def _compared(figures: Figures, earlier: Earlier | None) -> Iterator[tuple[str, Mapping[str, float | None]]]:
    """Each headline number with the earlier one."""
    before = earlier["headlines"] if earlier else {}
    for name, value in headlines(figures).items():
        yield name, {"now": value, "before": before.get(name)}


def _sections(figures: Figures) -> Iterator[tuple[str, object]]:
    """What page.html shows, by its name there: rows as dictionaries, charts as SVG, None where there is nothing."""
    from dagster_project.publish.report import charts

    segments = figures["segments"]
    yield "segments", _rows(segments.assign(lift=segments["revenue_share"] / segments["share"]))
    yield "previous_date", _first(segments, "previous_date")
    yield "judged_date", _first(segments, "judged_date")
    yield "rfm_groups", _rows(figures["rfm_groups"])
    yield "rfm_chart", _drawn(charts.rfm_grid, figures["rfm_scores"])
    yield from _movement(figures["movements"])
    yield "cohort_chart", _drawn(charts.cohort_grid, figures["cohorts"])
    yield "categories", _rows(figures["categories"])
    yield "category_chart", _drawn(charts.category_leanings, figures["categories"])
    yield from _value(figures["value_at_stake"])
    yield "refusal", _first(figures["refusals"], "orders_refusal")
    yield "backtest_date", _first(figures["backtest"], "history_date")
    yield "backtest_charts", _drawn(charts.backtest_charts, figures["backtest"])
    yield "raw_tables", _rows(figures["raw_tables"])
    yield "faults", _rows(figures["faults"])


def _movement(movements: "pandas.DataFrame") -> Iterator[tuple[str, object]]:
    """The stages with who left and who came, and the chart of those who changed."""
    from dagster_project.publish.report import charts

    moves = movements[movements["from_value"] != movements["to_value"]]
    yield "moved_since", _first(movements, "from_date")
    yield "moved", int(moves["customers"].sum())
    yield "stages", [_stage(movements, moves, stage, colour) for stage, colour in charts.STAGES.items()]
    yield "flow_chart", _drawn(charts.stage_flow, moves)


def _stage(
    movements: "pandas.DataFrame", moves: "pandas.DataFrame", stage: str, colour: str
) -> Mapping[str, str | int]:
    """How many were in a stage then and are now, and of those who moved how many left it and came."""
    counts = {
        name: int(rows.loc[rows[side] == stage, "customers"].sum())
        for name, rows, side in (
            ("before", movements, "from_value"),
            ("left", moves, "from_value"),
            ("came", moves, "to_value"),
            ("now", movements, "to_value"),
        )
    }
    return {"stage": stage, "colour": colour, **counts}


def _value(rows: "pandas.DataFrame") -> Iterator[tuple[str, object]]:
    """Value at stake by the time since the last order, in that order, and its chart."""
    from dagster_project.publish.report import charts

    named = rows.assign(
        band=rows["lapsed_band"].map(lambda band: "not lapsed" if band == "(not lapsed)" else f"{band} days"),
        high=rows["value_at_stake"].where(rows["churn_risk_band"] == "high", 0),
    )
    bands = named.groupby("band").agg(
        since=("days_since_last_order", "min"),
        customers=("customers", "sum"),
        value_at_stake=("value_at_stake", "sum"),
        high=("high", "sum"),
    )
    bands = bands.sort_values("since").reset_index()
    yield "value_bands", _rows(bands)
    yield "value_chart", _drawn(lambda shown: charts.value_bars(shown, [*bands["band"]]), named)


def _drawn(chart: Callable[["pandas.DataFrame"], Any], rows: "pandas.DataFrame") -> Any:
    """What a chart makes of rows; None where there are none."""
    return chart(rows) if len(rows) else None


def _rows(frame: "pandas.DataFrame") -> list[dict[str, Any]]:
    """Rows as dictionaries, what is not known as None."""
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def _first(frame: "pandas.DataFrame", column: str) -> Any:
    """The first value of a column that is known; None without one."""
    known = frame[column].dropna()
    return None if known.empty else known.iloc[0]
