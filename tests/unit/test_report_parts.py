"""Parts of the report that need no publication: how a flow is laid out, what it is compared with, how numbers read,
whether its colours can be told apart.

What the page says does not belong here (tests/integration/test_report.py).
"""

import re
from datetime import date
from pathlib import Path

import pandas
import pytest

from dagster_project.publish.report import page
from dagster_project.publish.report.charts import stage_flow
from dagster_project.publish.report.flow import lay_out
from dagster_project.publish.report.formats import change, day, number, percent, times
from dagster_project.publish.report.page import compared_with

MOVES = pandas.DataFrame(
    [("new", "active", 30), ("new", "lapsed", 10), ("active", "lapsed", 20), ("(absent)", "new", 40)],
    columns=["from_value", "to_value", "customers"],
)
ORDER = ["(absent)", "new", "active", "lapsed"]


def test_a_node_is_as_high_as_its_moves_and_apart_from_the_next():
    flow = lay_out(MOVES, ORDER, 0.1)
    assert flow.height == 100 + 2 * 10
    left, right = (flow.nodes[flow.nodes["side"] == side] for side in ("from_value", "to_value"))
    assert [*left[["value", "low", "high"]].itertuples(index=False, name=None)] == [
        ("(absent)", 0, 40), ("new", 50, 90), ("active", 100, 120),
    ]  # fmt: skip
    assert [*right[["value", "low", "high"]].itertuples(index=False, name=None)] == [
        ("new", 0, 40), ("active", 50, 80), ("lapsed", 90, 120),
    ]  # fmt: skip


def test_bands_fill_both_of_their_nodes_and_never_cross_at_one():
    flow = lay_out(MOVES, ORDER, 0.1)
    for x, side in ((0, "from_value"), (1, "to_value")):
        ends = flow.bands[flow.bands["x"] == x].sort_values("low")
        assert (ends["high"].shift() <= ends["low"]).iloc[1:].all()
        nodes = flow.nodes[flow.nodes["side"] == side]
        assert ends["low"].min() == nodes["low"].min() and ends["high"].max() == nodes["high"].max()
        assert (ends["high"] - ends["low"]).sum() == MOVES["customers"].sum()
    heights = (flow.bands["high"] - flow.bands["low"]).groupby(flow.bands["band"]).agg(["min", "max"])
    assert (heights["max"] - heights["min"]).max() < 0.01
    assert heights.loc["new lapsed", "min"] == pytest.approx(10, abs=0.01)


def test_a_flow_of_one_move_is_drawn():
    svg = stage_flow(MOVES.head(1))
    assert svg.startswith("<svg ")
    assert "new  30" in svg and "active  30" in svg


HEADLINES, BEFORE = {"customers": 12.0}, {"as_of_date": "2026-06-29", "headlines": {"customers": 11.0}}
STANDING = {"as_of_date": "2026-06-30", "report": {"headlines": HEADLINES, "earlier": BEFORE}}


@pytest.mark.parametrize(
    ("standing", "as_of", "expected"),
    [
        (STANDING, date(2026, 7, 1), {"as_of_date": "2026-06-30", "headlines": HEADLINES}),
        (STANDING, date(2026, 6, 30), BEFORE),
        (STANDING, date(2026, 6, 29), None),
        ({"as_of_date": "2026-06-30"}, date(2026, 7, 1), None),
        (None, date(2026, 7, 1), None),
    ],
    ids=["an earlier date", "the same date again", "a later date", "one without a report", "none"],
)
def test_numbers_are_compared_with_the_last_publication_of_an_earlier_date(standing, as_of, expected):
    assert compared_with(standing, as_of) == expected


def test_numbers_and_dates_read_as_people_write_them():
    assert [number(1234567.5), number(-1234.5, 2), number(None)] == [
        "1,234,568",
        "\N{MINUS SIGN}1,234.50",
        "\N{EN DASH}",
    ]
    assert [percent(0.1234), percent(0.00012, 3), percent(None)] == ["12.3%", "0.012%", "\N{EN DASH}"]
    assert [change(0.1), change(-0.1), change(0.0004), change(None)] == [
        "+10.0%", "\N{MINUS SIGN}10.0%", "±0%", "\N{EN DASH}",
    ]  # fmt: skip
    assert [times(1.94), day(date(2026, 7, 1))] == ["1.9\N{MULTIPLICATION SIGN}", "1 July 2026"]


def _colours(scheme: int) -> dict[str, str]:
    """The custom properties of the page's first (light) or second (dark) set."""
    css = Path(page.__file__).with_name("page.css").read_text()
    return dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", css.split(":root {")[1 + scheme]))


def _contrast(one: str, other: str) -> float:
    """The ratio that WCAG defines."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_words_and_drawings_stand_out_from_what_is_behind_them(scheme: int):
    colours = _colours(scheme)
    words = {(ink, ground) for ink in ("ink", "quiet", "main") for ground in ("paper", "tint")}
    words |= {("ink", f"heat-{step}") for step in (1, 2, 3)} | {("paper", f"heat-{step}") for step in (4, 5, 6)}
    drawings = {(name, "paper") for name in ("main", "pale", "new", "reactivated", "active", "cooling", "lapsed")}
    faint = [pair for pair in words if _contrast(*(colours[name] for name in pair)) < 4.5]
    faint += [pair for pair in drawings if _contrast(*(colours[name] for name in pair)) < 3]
    assert faint == []
