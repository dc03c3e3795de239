"""What is said of an experiment on a date: the rows of experiment_result, from sizes while it runs to the verdict.

The statistics stand in analysis.py, who did what in outcomes.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import date
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project.experiments import analysis
from dagster_project.experiments.assignment import assign_due, changed_fields
from dagster_project.experiments.config import Experiment
from dagster_project.experiments.outcomes import outcomes, people
from dagster_project.home import Home

if TYPE_CHECKING:
    import pandas
    from duckdb import DuckDBPyConnection

EVERYBODY = "(all)"
NO_VALUE = "(none)"
FEWEST = 2  # customers of an arm that has a spread
UNEQUAL = (
    "the sizes of the arms do not fit their shares (p = {:.2g}): customers were lost or doubled after the draw, "
    "and no difference is to be trusted"
)
NOUNS = {"net_revenue": "net revenue", "orders": "orders", "occasions": "days with an order", "converted": "buyers"}
ABOUT = ["experiment", "arm", "control", "segment", "metric", "as_of_date", "status", "reason"]
ABOUT += ["start_date", "end_date"]
SIZES = ["control_customers", "arm_customers", "merged_customers", "merged_across_arms"]
SIZES += ["sample_ratio_p_value", "is_sample_ratio_ok"]
MEASURES = ["difference", "standard_error", "interval_low", "interval_high", "p_value"]
OUTCOMES = ["control_mean", "arm_mean", *MEASURES, *(f"cuped_{name}" for name in MEASURES)]
OUTCOMES += ["cuped_theta", "variance_reduction", "holm_p_value", "is_significant"]
OUTCOMES += ["minimum_effect", "customers_needed", "is_underpowered", "verdict"]
COLUMNS = [*ABOUT, *SIZES, *OUTCOMES]
Row = dict[str, object]


def assign_and_judge(
    connection: "DuckDBPyConnection", home: Home, as_of: date, experiments: Sequence[Experiment]
) -> "pandas.DataFrame":
    """Draw the experiments whose eve the date is, unless they are drawn; returns the rows of all as of the date."""
    import pandas

    assign_due(connection, home, as_of, experiments)
    judged = (judge(connection, experiment, home.assignment(experiment.name), as_of) for experiment in experiments)
    return pandas.DataFrame(chain.from_iterable(judged), columns=COLUMNS)


def judge(connection: "DuckDBPyConnection", experiment: Experiment, path: Path, as_of: date) -> list[Row]:
    """The rows of one experiment as of a date, from the file of its assignment where there is one."""
    status, reason = _standing(connection, experiment, path, as_of)
    drawn = None
    if status == "complete":
        drawn = outcomes(connection, path, experiment)
    elif status == "running" or (status == "waiting" and as_of == experiment.eve):  # outcomes are not even read
        drawn = people(connection, path)
    about = {
        "experiment": experiment.name, "control": experiment.control, "metric": experiment.metric, "as_of_date": as_of,
        "status": status, "reason": reason, "start_date": experiment.start, "end_date": experiment.end,
        "minimum_effect": experiment.minimum_effect,
    }  # fmt: skip
    rows = [{**about, **row} for row in _rows(experiment, drawn)]
    for row in rows:
        if row.get("is_sample_ratio_ok") is False:
            row["reason"] = UNEQUAL.format(row["sample_ratio_p_value"])
    for is_split in (False, True):
        _conclude([row for row in rows if (row["segment"] != EVERYBODY) == is_split and "arm_mean" in row])
    return rows


def _standing(
    connection: "DuckDBPyConnection", experiment: Experiment, path: Path, as_of: date
) -> tuple[str, str | None]:
    """How far an experiment is on a date, and why it is no further."""
    if as_of < experiment.eve:
        return "waiting", f"its customers are drawn by the run for {experiment.eve}, the day before it starts"
    if not path.exists():
        return "not_assigned", (
            f"no run was made for {experiment.eve}, the day before it starts, with this experiment: recompute that date"
        )
    if changed := changed_fields(connection, experiment, path):
        return "refused", (
            f"its entry is another one than its customers were drawn with ({', '.join(changed)}): "
            "put that back, or give the new experiment a new name"
        )
    if as_of < experiment.start:
        return "waiting", f"it starts on {experiment.start}"
    if as_of < experiment.end:
        return "running", f"what the arms did is told when its last day is over, {experiment.end}"
    return "complete", None


def _rows(experiment: Experiment, drawn: "pandas.DataFrame | None") -> Iterator[Row]:
    """A row per arm other than the control and segment: everybody, then each value of the label that splits them."""
    others = [arm for arm in experiment.arms if arm != experiment.control]
    if drawn is None:
        yield from ({"arm": arm, "segment": EVERYBODY} for arm in others)
        return
    groups = {EVERYBODY: drawn}
    if experiment.split_by:
        values = drawn["split_value"].fillna(NO_VALUE)
        groups |= {f"{experiment.split_by}:{value}": group for value, group in drawn.groupby(values)}
    for segment, group in groups.items():
        for arm in others:
            row = {"arm": arm, "segment": segment, **_sizes(experiment, arm, group)}
            if "outcome" in group:
                row |= _outcome(experiment, arm, group)
            yield row


def _sizes(experiment: Experiment, arm: str, group: "pandas.DataFrame") -> Row:
    counts = group["arm"].value_counts()
    customers = {name: int(counts.get(name, 0)) for name in experiment.arms}
    p_value = analysis.sample_ratio_p_value(customers, experiment.arms)
    return {
        "control_customers": customers[experiment.control],
        "arm_customers": customers[arm],
        "merged_customers": int(group["is_merged"].sum()),
        "merged_across_arms": int(group["is_across_arms"].sum()),
        "sample_ratio_p_value": p_value,
        "is_sample_ratio_ok": bool(p_value >= analysis.SAMPLE_RATIO_ALPHA) if len(group) else None,
    }


def _outcome(experiment: Experiment, arm: str, group: "pandas.DataFrame") -> Row:
    counts = group["arm"].value_counts()
    smaller = min(int(counts.get(name, 0)) for name in (arm, experiment.control))
    if smaller < FEWEST:
        return {"verdict": f"too few customers: each arm needs {FEWEST} or more"}
    row = compare(experiment, arm, group)
    control = group[group["arm"] == experiment.control]
    deviation = (control["outcome"] - row.get("cuped_theta", 0) * control["pre_spend"]).std()
    shares = sorted([experiment.arms[arm], experiment.arms[experiment.control]])
    effect = experiment.minimum_effect * abs(row["control_mean"])
    needed = analysis.customers_needed(effect, deviation, shares[1] / shares[0])
    return {**row, "customers_needed": needed, "is_underpowered": None if needed is None else smaller < needed}


def compare(experiment: Experiment, arm: str, group: "pandas.DataFrame") -> Row:
    """The differences of an arm from the control, of people with their arm, outcome and pre_spend."""
    outcome, of = group["outcome"].to_numpy(float), group["arm"].to_numpy(object)
    treated, control = of == arm, of == experiment.control
    method = analysis.proportions if experiment.metric == "converted" else analysis.welch
    plain = method(outcome[treated], outcome[control])
    row: Row = {"control_mean": outcome[control].mean(), "arm_mean": outcome[treated].mean(), **asdict(plain)}
    adjusted = analysis.cuped(outcome, group["pre_spend"].to_numpy(float), of) if experiment.pre_days else None
    if adjusted:
        less_noise = analysis.welch(adjusted.outcome[treated], adjusted.outcome[control])
        row |= {f"cuped_{name}": value for name, value in asdict(less_noise).items()}
        row |= {"cuped_theta": adjusted.theta, "variance_reduction": adjusted.variance_reduction}
    return row


def _conclude(family: Sequence[Row]) -> None:
    """Give the rows of a family their p-values by Holm and their verdicts."""
    adjusted = analysis.holm([_decisive(row, "p_value") for row in family])
    for row, p_value in zip(family, adjusted, strict=True):
        row["holm_p_value"] = p_value
        row["is_significant"] = bool(p_value < analysis.ALPHA and row["is_sample_ratio_ok"])
        row["verdict"] = _verdict(row)


def _decisive(row: Mapping[str, object], measure: str) -> float:
    """A measure of the difference that decides: the one by CUPED where there is one."""
    return row[f"cuped_{measure}"] if "cuped_difference" in row else row[measure]


def _verdict(row: Mapping[str, object]) -> str:
    if not row["is_sample_ratio_ok"]:
        return "not to be trusted: the sizes of the arms do not fit their shares"
    difference, low, high = (_decisive(row, name) for name in ("difference", "interval_low", "interval_high"))
    noun, control = NOUNS[row["metric"]], row["control"]
    if row["is_significant"]:
        much = f"{abs(difference):.4g} {noun} per customer {'more' if difference > 0 else 'less'}"
        return f"{row['arm']} brought {much} than {control} (95 % interval {low:.4g} to {high:.4g})"
    if row["is_underpowered"] is None:
        return f"no difference found; nothing to measure an effect by, for {control} has no {noun} or nothing varies"
    effect = f"{row['minimum_effect']:.0%}"
    if row["is_underpowered"]:
        return (
            f"underpowered: no difference found, but to show one of {effect} the smaller arm needs "
            f"{row['customers_needed']:,} customers"
        )
    return f"no difference found, with customers enough to show one of {effect} four times out of five"
