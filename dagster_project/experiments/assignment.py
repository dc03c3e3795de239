"""Who is in which arm: drawn once, on the eve of an experiment, and kept in a file that is never written again.

Reads the snapshot of the eve and core.int_customer_address. What the arms did afterwards (outcomes.py) does not belong
here.
"""

from bisect import bisect
from collections.abc import Sequence
from datetime import date
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING

from dagster_project import sql
from dagster_project.experiments.config import Experiment
from dagster_project.experiments.draw import draw
from dagster_project.home import Home
from dagster_project.parquet import read_metadata, write_parquet

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DEFINITION = "experiment"
# From the snapshot's rows, called members, to what is drawn of each.
UNITS = {
    "customer": ("members.customer_key", ""),
    "email": ("addresses.email", "inner join core.int_customer_address as addresses using (customer_key)"),
}


def arm_of(experiment: Experiment, unit: str) -> str:
    """The arm that a unit is drawn into: a customer key, or an e-mail address trimmed and in lower case."""
    names, shares = zip(*experiment.arms.items(), strict=True)
    return names[bisect(list(accumulate(shares[:-1])), draw(experiment.name, unit))]


def assign_due(connection: "DuckDBPyConnection", home: Home, as_of: date, experiments: Sequence[Experiment]) -> None:
    """Draw the experiments whose eve the date is, unless they are drawn; its snapshot has to be there."""
    for experiment in experiments:
        path = home.assignment(experiment.name)
        if as_of == experiment.eve and not path.exists():
            assign(connection, experiment, home.snapshot(as_of), path)


def assign(connection: "DuckDBPyConnection", experiment: Experiment, snapshot: Path, path: Path) -> int:
    """Draw the segment's members of a snapshot and write one row each; returns how many.

    Whoever has no unit, such as no e-mail address of their own, is no part of the experiment.
    """
    column, value = experiment.membership
    unit, join = UNITS[experiment.unit]
    split = f"members.{sql.name(experiment.split_by)}" if experiment.split_by else "cast(null as varchar)"
    is_member = f"members.{sql.name(column)} = {sql.text(value) if value else 'true'}"
    members = connection.execute(f"""
        select customer_key, {unit} as unit, members.as_of_date as assigned_as_of, {split} as split_value
        from read_parquet({sql.text(snapshot)}) as members {join}
        where {is_member} and {unit} is not null
        order by customer_key
    """).df()
    drawn = members.assign(arm=[arm_of(experiment, one) for one in members["unit"]])
    connection.register("drawn", drawn)
    columns = "cast(customer_key as varchar) as customer_key, cast(arm as varchar) as arm"
    columns += ", cast(assigned_as_of as date) as assigned_as_of, cast(split_value as varchar) as split_value"
    metadata = {DEFINITION: experiment.model_dump_json()}
    return write_parquet(connection, f"select {columns} from drawn", path, metadata)


def drawn_with(connection: "DuckDBPyConnection", path: Path) -> Experiment:
    """The entry that the customers of a file were drawn with."""
    return Experiment.model_validate_json(read_metadata(connection, path)[DEFINITION])


def changed_fields(connection: "DuckDBPyConnection", experiment: Experiment, path: Path) -> list[str]:
    """The fields in which an entry differs from the one that its customers were drawn with."""
    former = drawn_with(connection, path)
    return [
        name
        for name in Experiment.model_fields
        if experiment.model_dump_json(include={name}) != former.model_dump_json(include={name})
    ]
