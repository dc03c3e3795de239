"""Where the bands of a flow lie: who went from which value to which, as heights on two sides. Draws nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

STEPS = 24  # points along a band


@dataclass(frozen=True)
class Flow:
    """Nodes (side, value, customers, low, high) and the outlines of the bands between them (band, to_value, x, low,
    high); heights are in customers, from 0 at the top to `height`."""

    nodes: "pandas.DataFrame"
    bands: "pandas.DataFrame"
    height: float


def lay_out(moves: "pandas.DataFrame", order: Sequence[str], gap_share: float) -> Flow:
    """The flow of moves (from_value, to_value, customers), its nodes in an order and apart by a share of all moves."""
    import pandas

    total = int(moves["customers"].sum())
    gap = total * gap_share
    height = total + gap * (max(moves["from_value"].nunique(), moves["to_value"].nunique()) - 1)
    place = {value: number for number, value in enumerate(order)}
    nodes = pandas.concat(
        [_side(moves, side, place, gap, height).assign(side=side) for side in ("from_value", "to_value")]
    )
    starts = {side: dict(rows[["value", "low"]].to_numpy()) for side, rows in nodes.groupby("side")}
    ordered = moves.sort_values(["from_value", "to_value"], key=lambda values: values.map(place))
    bands = pandas.concat([_band(move, starts) for move in ordered.to_dict("records")])
    return Flow(nodes.reset_index(drop=True), bands.reset_index(drop=True), height)


def _side(
    moves: "pandas.DataFrame", side: str, place: Mapping[str, int], gap: float, height: float
) -> "pandas.DataFrame":
    """The nodes of one side, in the middle of the height."""
    sizes = moves.groupby(side, as_index=False)["customers"].sum().rename(columns={side: "value"})
    nodes = sizes.sort_values("value", key=lambda values: values.map(place)).reset_index(drop=True)
    first = (height - nodes["customers"].sum() - gap * (len(nodes) - 1)) / 2
    high = first + nodes["customers"].cumsum() + gap * nodes.index
    return nodes.assign(low=high - nodes["customers"], high=high)


def _band(move: Mapping[str, object], starts: Mapping[str, dict[str, float]]) -> "pandas.DataFrame":
    """One band from where the last one left its two nodes; moves `starts` on."""
    import numpy
    import pandas

    left, right = (starts[side][move[side]] for side in ("from_value", "to_value"))
    for side in starts:
        starts[side][move[side]] += move["customers"]
    x = numpy.linspace(0, 1, STEPS + 1)
    low = left + (right - left) * x * x * (3 - 2 * x)
    said = {"band": f"{move['from_value']} {move['to_value']}", "to_value": move["to_value"]}
    return pandas.DataFrame({**said, "x": x.round(4), "low": low.round(3), "high": (low + move["customers"]).round(3)})
