"""A warehouse made by hand for tests of audiences, the writing of one audience from it, and the reading of its files.

What has to come of it does not belong here.
"""

import csv
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from dagster_project.experiments.assignment import DEFINITION
from dagster_project.experiments.config import Experiment
from dagster_project.home import Home
from dagster_project.parquet import write_parquet
from dagster_project.publish.audience_config import Audience, Audiences
from dagster_project.publish.audiences import write_audiences

CHANNELS = ("email", "sms", "push", "post", "ads")
TEXTS = ("email", "phone", "ads_email", "ads_phone", "shop_system", "shop_customer_id", "first_name", "language")
# Known by everything, contactable by everything, without a ticket.
REACHABLE = {
    **{f"is_contactable_by_{channel}": True for channel in CHANNELS},
    "open_tickets": 0,
    "shop_system": "shop",
    "first_name": "Ann",
    "language": "de",
}
MAIL = {"name": "vips", "segment": "vip", "channel": "email", "format": "csv", "destination": "mail"}


@contextmanager
def audience_tables() -> Iterator[duckdb.DuckDBPyConnection]:
    """An empty warehouse, as far as audiences read it."""
    with duckdb.connect() as database:
        database.execute("create schema core; create schema segments")
        columns = ", ".join(f"{name} varchar" for name in ("customer_key", *TEXTS))
        flags = ", ".join(f"is_contactable_by_{channel} boolean" for channel in CHANNELS)
        database.execute(f"create table segments.int_audience_customer ({columns}, {flags}, open_tickets bigint)")
        database.execute("create table segments.segment_membership (customer_key varchar, segment varchar)")
        database.execute("create table core.int_customer_redirect (former_key varchar, customer_key varchar)")
        yield database


def add(connection: duckdb.DuckDBPyConnection, *people: Mapping[str, object], segment: str = "vip") -> None:
    """Members of the segment; what is not said of them is as in REACHABLE, their addresses follow their key."""
    for person in people:
        key = str(person["customer_key"])
        ids = {"email": f"{key}@x.de", "phone": "+49170" + "".join(str(ord(letter)) for letter in key[:3])}
        row = {**REACHABLE, **ids, "shop_customer_id": f"id {key}", **person}
        row = {"ads_email": row["email"], "ads_phone": row["phone"], **row}
        names, places = ", ".join(row), ", ".join("?" for _ in row)
        connection.execute(f"insert into segments.int_audience_customer ({names}) values ({places})", [*row.values()])
        connection.execute("insert into segments.segment_membership values (?, ?)", [key, segment])


def writer(connection: duckdb.DuckDBPyConnection, tmp_path: Path) -> Callable[..., tuple[Path, dict]]:
    """Writes one audience as a publication of that name, after `previous`; returns its folder and what it says."""

    def written(run: str = "run", previous: Path | None = None, holdout: float = 0, **changes: object):
        audiences = Audiences(global_holdout=holdout, audiences=(Audience(**{**MAIL, **changes}),))
        folder = tmp_path / run
        folder.mkdir()
        home = Home(tmp_path / "home")
        said = write_audiences(connection, folder, previous or tmp_path / "none", audiences, home)
        (folder / "manifest.json").write_text(json.dumps({"audiences": said}))
        return folder, said["vips"]

    return written


def file_rows(folder: Path, kind: str = "full", destination: str = "mail") -> list[dict[str, str]]:
    with (folder / "audiences" / destination / f"vips_{kind}.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def emails(folder: Path, kind: str = "full") -> list[str]:
    return [row["email"] for row in file_rows(folder, kind)]


LETTER = Experiment(
    name="letter",
    segment="vip",
    arms={"control": 0.5, "letter": 0.4, "two_letters": 0.1},
    start=date(2026, 3, 2),
    metric="orders",
    horizon_days=28,
)


def assign(tmp_path: Path, arms: Mapping[str, str]) -> None:
    """Let customers be drawn into arms of the experiment."""
    file = Home(tmp_path / "home").assignment("letter")
    rows = ", ".join(f"('{customer}', '{arm}', date '2026-03-01', null)" for customer, arm in arms.items())
    drawn = f"from (values {rows}) as drawn (customer_key, arm, assigned_as_of, split_value)"
    with duckdb.connect() as memory:
        write_parquet(memory, drawn, file, {DEFINITION: LETTER.model_dump_json()})
